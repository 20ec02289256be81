#include "collectors/mysql.hpp"
#include "collectors/kernel_text.hpp"
#include <algorithm>
#include <cctype>
#include <map>
#include <string>

namespace backstop::mysql {
namespace {

Error corrupt(const std::string& what) { return fail(Errc::corrupt, "the server's answer cannot be read: " + what); }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

} // namespace

Result<SamplesAnswer> read_answer(const SqlRows& answer) {
  std::map<std::string, double> values;
  for (const SqlRows::Row& row : answer.rows) {
    if (row.size() != 2) return corrupt("it has rows of " + std::to_string(row.size()) + " columns");
    const std::string name = lower(row[0].value_or(""));
    const auto value = row[1] ? kernel_text::number(*row[1]) : std::nullopt;
    if (!value) return corrupt(name + " is \"" + row[1].value_or("") + "\"");
    values[name] = *value;
  }
  for (const char* name : {"threads_connected", "threads_running", "max_connections"})
    if (!values.contains(name)) return corrupt("it does not say " + std::string(name));

  const double connected = std::max(values["threads_connected"] - 1, 0.0);
  const double most = values["max_connections"];
  SamplesAnswer out;
  out.samples.push_back({"threads_connected", {}, connected});
  out.samples.push_back({"threads_running", {}, std::max(values["threads_running"] - 1, 0.0)});
  out.samples.push_back({"max_connections", {}, most});
  if (most > 0) out.samples.push_back({"connections_percent", {}, 100 * connected / most});
  return out;
}

} // namespace backstop::mysql
