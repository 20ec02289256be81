#include "daemon/seams.hpp"

namespace backstop {

std::string StepKey::text() const { return deployment + "/" + procedure + "/" + path + "/" + std::to_string(attempt); }

std::string_view name_of(StepOrder::Act act) {
  switch (act) {
  case StepOrder::Act::run: return "run";
  case StepOrder::Act::check: return "check";
  case StepOrder::Act::preflight: return "preflight";
  case StepOrder::Act::item: return "item";
  case StepOrder::Act::version: return "version";
  case StepOrder::Act::channel: return "channel";
  }
  return "";
}

std::optional<StepOrder::Act> act_named(std::string_view name) {
  using Act = StepOrder::Act;
  for (const Act act : {Act::run, Act::check, Act::preflight, Act::version, Act::channel, Act::item})
    if (name == name_of(act)) return act;
  return std::nullopt;
}

std::string_view name_of(StepEnd end) {
  switch (end) {
  case StepEnd::exited: return "exited";
  case StepEnd::signaled: return "signaled";
  case StepEnd::timed_out: return "timed_out";
  case StepEnd::failed_to_start: return "failed_to_start";
  case StepEnd::locked: return "locked";
  case StepEnd::cancelled: return "cancelled";
  case StepEnd::unknown: return "unknown";
  }
  return "unknown";
}

std::optional<StepEnd> step_end_named(std::string_view name) {
  for (const StepEnd end : {StepEnd::exited, StepEnd::signaled, StepEnd::timed_out, StepEnd::failed_to_start,
                            StepEnd::locked, StepEnd::cancelled, StepEnd::unknown})
    if (name == name_of(end)) return end;
  return std::nullopt;
}

} // namespace backstop
