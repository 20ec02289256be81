#include "daemon/config/read_parts.hpp"
#include <fmt/format.h>

namespace backstop::config {

namespace {

bool environment_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name)
    if (c == '.' || c == '-') return false;
  return true;
}

void read_environment(const Mapping& step, std::map<std::string, std::string>& out) {
  step.text_map("env", out);
  for (const auto& [name, value] : out) {
    if (!environment_name(name))
      step.fault("env", fmt::format("\"{}\" is no name of a variable", name), "use letters, digits and _ only");
    if (name.rfind("BACKSTOP_", 0) == 0)
      step.fault("env", fmt::format("{} is set by the daemon itself", name), "choose another name");
  }
}

} // namespace

void read_run_step(const Mapping& step, RunStep& out) {
  step.texts("argv", out.argv);
  step.duration("timeout", out.timeout);
  step.integer("retries", out.retries, {0, 100});
  step.duration("retry_delay", out.retry_delay, Duration{});
  read_command(step, "check", out.check);
  read_command(step, "preflight", out.preflight);
  step.word<OnFailure>(
      "on_failure", out.on_failure,
      {{"abort", OnFailure::abort}, {"continue", OnFailure::proceed}, {"escalate", OnFailure::escalate}});
  // Without a check nobody can verify: a step that may or may not have run goes to a person.
  out.on_unknown = step.has("check") ? OnUnknown::verify : OnUnknown::escalate;
  step.word<OnUnknown>("on_unknown", out.on_unknown,
                       {{"rerun", OnUnknown::rerun}, {"verify", OnUnknown::verify}, {"escalate", OnUnknown::escalate}});
  step.name("user", out.user);
  read_environment(step, out.environment);
  read_confinement(step, out.confinement);
}

void read_notify_step(const Mapping& step, NotifyStep& out) {
  step.word<std::string>("severity", out.severity, {{"info", "info"}, {"alert", "alert"}, {"critical", "critical"}});
  step.names("to", out.to);
}

namespace {

void read_step(Sheet& sheet, const Node& node, const std::string& path, Step& out) {
  const auto kind = type_of(sheet, node, "kind", path, {"notify", "run", "watch", "review"}, "step of kind");
  if (!kind) return;
  const Mapping step(sheet, node, "step/" + *kind, path);
  step.name("name", out.name);
  if (*kind == "notify") {
    read_notify_step(step, out.kind.emplace<NotifyStep>());
  } else if (*kind == "run") {
    read_run_step(step, out.kind.emplace<RunStep>());
  } else if (*kind == "watch") {
    auto& watch = out.kind.emplace<WatchStep>();
    step.duration("good_for", watch.good_for);
    step.duration("timeout", watch.timeout);
  } else {
    step.duration("due", out.kind.emplace<ReviewStep>().due, std::chrono::minutes(1));
  }
}

} // namespace

void read_procedures(const Mapping& service, Service& out) {
  const Node* node = service.find("procedures");
  if (node == nullptr) return;
  const Mapping procedures(service.sheet(), *node, "procedures", "procedures");
  const Node* rollback = procedures.find("rollback");
  if (rollback == nullptr) return;
  const auto& items = items_of(service.sheet(), *rollback, "procedures.rollback");
  for (std::size_t i = 0; i < items.size(); ++i) {
    Step& step = out.rollback.emplace_back();
    step.path = std::to_string(i + 1);
    read_step(service.sheet(), items[i], fmt::format("procedures.rollback[{}]", i), step);
  }
}

} // namespace backstop::config
