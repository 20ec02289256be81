#include "daemon/config/faults.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace backstop::config {

std::string text_of(const Fault& fault) {
  std::string text = fault.file;
  if (fault.line > 0) text += fmt::format(":{}:{}", fault.line, fault.column);
  text += (text.empty() ? "" : ": ") + fault.what;
  if (!fault.how.empty()) text += " (" + fault.how + ")";
  return text;
}

void put_in_order(std::vector<Fault>& faults) {
  const auto key = [](const Fault& f) { return std::tie(f.file, f.line, f.column, f.what, f.how); };
  std::sort(faults.begin(), faults.end(), [&](const Fault& a, const Fault& b) { return key(a) < key(b); });
  faults.erase(std::unique(faults.begin(), faults.end()), faults.end());
}

Place Places::of(std::string_view path) const {
  while (true) {
    if (const auto found = places_.find(path); found != places_.end()) return found->second;
    if (path.empty()) return {};
    const auto cut = path.find_last_of(".[");
    path = cut == std::string_view::npos ? std::string_view{} : path.substr(0, cut);
  }
}

} // namespace backstop::config
