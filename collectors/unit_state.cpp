#include "collectors/unit_state.hpp"
#include <algorithm>
#include <array>
#include <string_view>

namespace backstop {
namespace {

/// All a service can have in systemd 252.
constexpr std::array<std::string_view, 11> kUnitResults{"success",   "resources",       "protocol",      "timeout",
                                                        "exit-code", "signal",          "core-dump",     "watchdog",
                                                        "oom-kill",  "start-limit-hit", "exec-condition"};

template <class T> bool put(const std::optional<T>& said, std::optional<T>& kept) {
  if (!said || said == kept) return false;
  kept = said;
  return true;
}

/// Of a unit that does not run, and never did.
bool is_nobodys(const std::string& invocation) { return invocation.find_first_not_of('0') == std::string::npos; }

bool is_failure(const std::optional<std::string>& result) {
  return result && *result != "success" && *result != "exec-condition";
}

} // namespace

bool UnitState::take(const UnitProperties& said) {
  const UnitProperties before = now_;
  bool shown = put(said.load_state, now_.load_state);
  shown = put(said.active_state, now_.active_state) || shown;
  shown = put(said.result, now_.result) || shown;
  shown = put(said.restarts, now_.restarts) || shown;
  put(said.invocation, now_.invocation);
  const double counted = failures_;
  if (before.result) count_end(before);
  // A unit that was never started has none.
  const bool started = before.invocation && now_.invocation != before.invocation && !is_nobodys(*now_.invocation);
  if (started) ++starts_;
  return shown || started || failures_ != counted;
}

void UnitState::count_end(const UnitProperties& before) {
  if (!is_failure(now_.result)) return;
  // The same Result of another start is another end: what came between was not seen.
  if (now_.result == before.result && now_.invocation == before.invocation) return;
  ++failures_;
  if (*now_.result == "watchdog") ++watchdog_kills_;
  if (*now_.result == "oom-kill") ++oom_kills_;
}

bool UnitState::exists() const {
  // The file of a unit that runs may be gone.
  return now_.active_state && (*now_.active_state != "inactive" || now_.load_state != "not-found");
}

std::vector<RawSample> UnitState::samples() const {
  std::vector<RawSample> out;
  if (now_.active_state) {
    const std::string& state = *now_.active_state;
    out.push_back({"unit_active", {}, state == "active" || state == "reloading" || state == "refreshing" ? 1.0 : 0.0});
    out.push_back({"unit_failed", {}, state == "failed" ? 1.0 : 0.0});
  }
  if (now_.invocation) out.push_back({"unit_starts_total", {}, starts_});
  if (now_.restarts) out.push_back({"unit_restarts_total", {}, static_cast<double>(*now_.restarts)});
  if (!now_.result) return out;
  for (const std::string_view result : kUnitResults)
    out.push_back({"unit_result", {{"result", std::string(result)}}, *now_.result == result ? 1.0 : 0.0});
  if (std::find(kUnitResults.begin(), kUnitResults.end(), *now_.result) == kUnitResults.end())
    out.push_back({"unit_result", {{"result", *now_.result}}, 1});
  out.push_back({"unit_failures_total", {}, failures_});
  out.push_back({"unit_watchdog_kills_total", {}, watchdog_kills_});
  out.push_back({"unit_oom_kills_total", {}, oom_kills_});
  return out;
}

} // namespace backstop
