#include "daemon/config/quantities.hpp"
#include "daemon/config/show_parts.hpp"
#include <fmt/format.h>

namespace backstop::config {

namespace {

std::string_view word_of(OnFailure on) {
  switch (on) {
  case OnFailure::abort: return "abort";
  case OnFailure::proceed: return "continue";
  case OnFailure::escalate: return "escalate";
  }
  return "abort";
}

std::string_view word_of(OnUnknown on) {
  switch (on) {
  case OnUnknown::rerun: return "rerun";
  case OnUnknown::verify: return "verify";
  case OnUnknown::escalate: return "escalate";
  }
  return "escalate";
}

void add_words(const Confinement& confinement, std::vector<std::string>& words) {
  if (confinement.memory) words.push_back("memory at most " + show_size(*confinement.memory));
  if (confinement.tasks) words.push_back(fmt::format("at most {} tasks", *confinement.tasks));
  if (confinement.cpu) words.push_back(fmt::format("cpu at most {}%", *confinement.cpu));
  if (confinement.open_files) words.push_back(fmt::format("at most {} open files", *confinement.open_files));
  if (confinement.sandbox != Sandbox::none) words.push_back(fmt::format("sandbox {}", word_of(confinement.sandbox)));
  for (const std::string& path : confinement.writable) words.push_back("writable " + path);
}

} // namespace

std::vector<std::string> words_of(const RunStep& run) {
  std::vector<std::string> words{"run " + show_argv(run.argv), "timeout " + show_duration(run.timeout)};
  if (run.retries > 0)
    words.push_back(fmt::format("{} retries, {} apart", run.retries, show_duration(run.retry_delay)));
  words.push_back(fmt::format("on failure {}", word_of(run.on_failure)));
  words.push_back(fmt::format("on unknown {}", word_of(run.on_unknown)));
  words.push_back(run.check ? "check " + show_command(*run.check) : "no check");
  if (run.preflight) words.push_back("preflight " + show_command(*run.preflight));
  if (!run.user.empty()) words.push_back("as " + run.user);
  // The names alone: people do put tokens into variables.
  for (const auto& [name, value] : run.environment) words.push_back("sets " + name);
  add_words(run.confinement, words);
  return words;
}

namespace {

struct Words {
  std::vector<std::string> operator()(const RunStep& run) const { return words_of(run); }
  std::vector<std::string> operator()(const NotifyStep& notify) const {
    return {"notify " + (notify.to.empty() ? "all channels" : fmt::format("{}", fmt::join(notify.to, ", "))),
            "severity " + notify.severity};
  }
  std::vector<std::string> operator()(const WatchStep& watch) const {
    return {"watch until good for " + show_duration(watch.good_for), "timeout " + show_duration(watch.timeout)};
  }
  std::vector<std::string> operator()(const ReviewStep& review) const {
    return {"review due in " + show_duration(review.due)};
  }
  std::vector<std::string> operator()(const BakeStep& bake) const {
    return {"watch for " + show_duration(bake.duration)};
  }
  std::vector<std::string> operator()(const ApproveStep& approve) const { return {"approve by " + approve.role}; }
  std::vector<std::string> operator()(const TrafficStep& traffic) const {
    return {"traffic " + show(traffic.share, Unit::ratio) + " to the new version"};
  }
  std::vector<std::string> operator()(const WaitStep& wait) const {
    return {"wait for " + show_duration(wait.duration)};
  }
};

} // namespace

std::string show_argv(const std::vector<std::string>& argv) {
  std::string text;
  for (const std::string& argument : argv) {
    const bool plain = !argument.empty() && argument.find_first_of(" \t\n'\"\\$`*?;&|<>()#") == std::string::npos;
    std::string quoted = "'";
    for (const char c : argument) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += (text.empty() ? "" : " ") + (plain ? argument : quoted + "'");
  }
  return text;
}

std::string show_command(const Command& command) {
  return fmt::format("{} (timeout {})", show_argv(command.argv), show_duration(command.timeout));
}

std::vector<std::string> words_of(const Step& step) { return std::visit(Words{}, step.kind); }

void show_rollback(const Service& service, Lines& out) {
  out.line(0, {service.rollback.empty() ? "rollback  none" : "rollback"});
  for (const Step& step : service.rollback) out.entry(2, fmt::format("{} {}", step.path, step.name), words_of(step));
}

} // namespace backstop::config
