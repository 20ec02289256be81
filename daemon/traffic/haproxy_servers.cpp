#include "daemon/traffic/haproxy_servers.hpp"
#include "daemon/traffic/text.hpp"
#include "daemon/traffic/weights.hpp"
#include <algorithm>
#include <charconv>
#include <optional>

namespace backstop::traffic {
namespace {

// Bits of srv_admin_state and values of srv_op_state: HAProxy's management guide, "show servers state".
constexpr int kMaintenance =
    0x01 | 0x02 | 0x20;             // forced, inherited, unresolved; 0x04 only says that it began by configuration
constexpr int kDrain = 0x08 | 0x10; // forced, inherited
constexpr int kStopped = 0;
constexpr int kStopping = 3;

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

/// The lines of `text`, without those that are empty.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::string_view line = first_line(text);
    if (!line.empty()) out.push_back(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return out;
}

std::vector<std::string_view> fields_of(std::string_view line, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t end = line.find(separator);
    out.push_back(line.substr(0, end));
    if (end == line.npos) return out;
    line.remove_prefix(end + 1);
  }
}

/// A table whose first line, after "# ", names its columns.
class Table {
public:
  Table(std::string_view header, char separator) : separator_(separator) {
    if (header.starts_with("# ")) names_ = fields_of(header.substr(2), separator);
  }
  [[nodiscard]] bool has(std::initializer_list<std::string_view> names) const {
    return std::all_of(names.begin(), names.end(), [&](std::string_view name) { return column(name).has_value(); });
  }
  /// Takes a line; false where it has fewer columns than the first one.
  bool take(std::string_view line) {
    fields_ = fields_of(line, separator_);
    return fields_.size() >= names_.size();
  }
  [[nodiscard]] std::string_view text(std::string_view name) const { return fields_[*column(name)]; }
  [[nodiscard]] std::optional<int> number(std::string_view name) const {
    const std::string_view text = this->text(name);
    int out = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
    return out;
  }

private:
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names_.begin());
  }
  char separator_;
  std::vector<std::string_view> names_, fields_;
};

Error not_understood(const char* command, std::string_view line) {
  return fail(Errc::corrupt, std::string("the answer to `") + command + "` is not understood: \"" + one_line(line, 80) +
                                 "\" (is this the runtime API of HAProxy?)");
}

Standing standing_of(int operational, int administrative) {
  if ((administrative & kMaintenance) != 0) return Standing::maint;
  if ((administrative & kDrain) != 0) return Standing::drain;
  if (operational == kStopping) return Standing::stopping;
  return operational == kStopped ? Standing::down : Standing::up;
}

Result<std::vector<Server>> read_states(std::string_view answer, const std::string& backend) {
  constexpr const char* command = "show servers state";
  const std::vector<std::string_view> lines = lines_of(answer);
  if (lines.empty()) return not_understood(command, "");
  if (lines[0] != "1") return refusal(answer, backend);
  Table table(lines.size() > 1 ? lines[1] : "", ' ');
  if (!table.has({"be_name", "srv_name", "srv_op_state", "srv_admin_state", "srv_uweight"}))
    return not_understood(command, lines.size() > 1 ? lines[1] : lines[0]);
  std::vector<Server> out;
  for (std::size_t i = 2; i < lines.size(); ++i) {
    if (!table.take(lines[i])) return not_understood(command, lines[i]);
    const auto operational = table.number("srv_op_state");
    const auto administrative = table.number("srv_admin_state");
    const auto weight = table.number("srv_uweight");
    if (!operational || *operational < kStopped || *operational > kStopping || !administrative || *administrative < 0 ||
        !weight || *weight < 0 || *weight > kMostWeight || table.text("be_name") != backend)
      return not_understood(command, lines[i]);
    out.push_back({std::string(table.text("srv_name")), standing_of(*operational, *administrative), *weight});
  }
  return out;
}

} // namespace

std::string_view name_of(Standing standing) {
  switch (standing) {
  case Standing::up: return "UP";
  case Standing::down: return "DOWN";
  case Standing::stopping: return "NOLB";
  case Standing::drain: return "DRAIN";
  case Standing::maint: return "MAINT";
  }
  return "?";
}

Result<std::vector<Server>> read_servers(std::string_view state, std::string_view stat, const std::string& backend) {
  constexpr const char* command = "show stat";
  Result<std::vector<Server>> out = read_states(state, backend);
  if (!out) return out;
  const std::vector<std::string_view> lines = lines_of(stat);
  Table table(lines.empty() ? "" : lines[0], ',');
  if (!table.has({"svname", "bck"})) return not_understood(command, lines.empty() ? "" : lines[0]);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!table.take(lines[i]) || !table.number("bck")) return not_understood(command, lines[i]);
    for (Server& server : *out)
      if (server.name == table.text("svname")) server.backup = *table.number("bck") != 0;
  }
  return out;
}

Error refusal(std::string_view answer, const std::string& backend) {
  const std::string said = one_line(first_line(answer), 120);
  if (said == "Can't find backend." || said == "No such backend.")
    return fail(Errc::not_found, "HAProxy has no backend \"" + backend + "\" (see `backend` of its configuration)");
  if (said == "Permission denied")
    return fail(Errc::unauthorized, "permission denied by HAProxy (`stats socket ... level admin` is needed)");
  if (said.starts_with("Backend is using a static LB algorithm"))
    return fail(Errc::refused, said + " (use one that takes weights: `balance roundrobin` or `leastconn`)");
  if (said.starts_with("Unknown command"))
    return fail(Errc::invalid, said + " (is this the runtime API of HAProxy, and not the socket of its master?)");
  return fail(Errc::invalid, "HAProxy says: \"" + said + "\"");
}

} // namespace backstop::traffic
