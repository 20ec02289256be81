#include "tests/fakes/scripted_step_runner.hpp"
#include <algorithm>

namespace backstop {
namespace {

bool never_runs(StepEnd end) { return end == StepEnd::failed_to_start || end == StepEnd::locked; }

} // namespace

ScriptedStepRunner::Script ScriptedStepRunner::Script::exits(int status, Duration takes, std::string output) {
  Script script;
  script.outcome.end = StepEnd::exited;
  script.outcome.status = status;
  script.outcome.output = std::move(output);
  script.takes = takes;
  return script;
}

ScriptedStepRunner::Script ScriptedStepRunner::Script::ends(StepEnd end, std::string detail, Duration takes) {
  Script script;
  script.outcome.end = end;
  script.outcome.detail = std::move(detail);
  script.takes = takes;
  return script;
}

void ScriptedStepRunner::script(const std::string& which, std::vector<Script> runs) {
  scripts_[which] = std::move(runs);
}

ScriptedStepRunner::Script ScriptedStepRunner::next_script(const StepKey& key, const StepCommand& command) {
  auto at = scripts_.find(key.procedure + "/" + key.path);
  if (at == scripts_.end()) at = scripts_.find(command.argv.front());
  if (at == scripts_.end() || at->second.empty()) return Script::exits(0);
  Script script = at->second.front();
  if (at->second.size() > 1) at->second.erase(at->second.begin());
  return script;
}

bool ScriptedStepRunner::is_locked(const std::string& path) const {
  if (path.empty()) return false;
  return held_.contains(path) || std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
           return entry.second.state == State::running && entry.second.lock_file == path;
         });
}

Status ScriptedStepRunner::start(const StepKey& key, const StepCommand& command) {
  if (command.argv.empty() || command.argv.front().empty())
    return fail(Errc::invalid, "step " + key.text() + ": the command is empty");
  if (command.timeout <= Duration::zero())
    return fail(Errc::invalid, "step " + key.text() + ": the timeout must be above zero");
  if (entries_.contains(key)) {
    refused.push_back(key);
    return fail(Errc::refused, "step " + key.text() + " was started before");
  }
  if (!next_errors_.empty()) {
    Error error = std::move(next_errors_.front());
    next_errors_.erase(next_errors_.begin());
    return error;
  }
  Script script = is_locked(command.lock_file)
                      ? Script::ends(StepEnd::locked, "lock file " + command.lock_file + " is held")
                      : next_script(key, command);
  if (script.takes > command.timeout) script = Script::ends(StepEnd::timed_out, "not done in time", command.timeout);
  Entry entry;
  entry.outcome = std::move(script.outcome);
  entry.outcome.took = script.takes;
  if (entry.outcome.output.size() > command.output_limit) {
    entry.outcome.output.erase(0, entry.outcome.output.size() - command.output_limit);
    entry.outcome.output_cut = true;
  }
  entry.started = now_;
  entry.ends = now_ + script.takes;
  entry.order = ++order_;
  if (!never_runs(entry.outcome.end)) {
    entry.lock_file = command.lock_file;
    log.push_back({key, command, now_});
  }
  entries_[key] = std::move(entry);
  return {};
}

/// What is due ends, whether somebody watches or not.
void ScriptedStepRunner::settle() {
  for (auto& [key, entry] : entries_)
    if (entry.state == State::running && entry.ends <= now_) entry.state = State::finished;
}

void ScriptedStepRunner::advance(Time now) {
  now_ = std::max(now_, now);
  settle();
  std::vector<StepKey> due;
  for (const auto& [key, entry] : entries_)
    if (entry.watched && (entry.state == State::finished || entry.state == State::lost)) due.push_back(key);
  std::sort(due.begin(), due.end(), [&](const StepKey& a, const StepKey& b) {
    const Entry& x = entries_.at(a);
    const Entry& y = entries_.at(b);
    return std::pair(x.ends, x.order) < std::pair(y.ends, y.order);
  });
  for (const StepKey& key : due) {
    Entry& entry = entries_.at(key);
    if (!entry.watched) continue; // the handler of an earlier one crashed the daemon
    entry.watched = false;
    const StepOutcome outcome = entry.outcome;
    if (outcome.may_pass) entries_.erase(key); // no trace is kept
    if (on_finished) on_finished(key, outcome);
  }
}

void ScriptedStepRunner::crash() {
  for (auto& [key, entry] : entries_) entry.watched = false;
  on_finished = nullptr;
}

void ScriptedStepRunner::lose(const StepKey& key) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.state == State::forgotten) return;
  at->second.state = State::lost;
  at->second.ends = now_;
  at->second.outcome = StepOutcome{};
  at->second.outcome.detail = "its supervisor died";
}

StepRunner::Seen ScriptedStepRunner::adopt(const StepKey& key) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return Seen::never;
  Entry& entry = at->second;
  if (entry.state == State::lost || entry.state == State::forgotten) return Seen::lost;
  entry.watched = true;
  settle();
  return entry.state == State::running ? Seen::running : Seen::finished;
}

void ScriptedStepRunner::cancel(const StepKey& key) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.state != State::running) return;
  at->second.ends = now_;
  at->second.outcome = StepOutcome{};
  at->second.outcome.end = StepEnd::cancelled;
  at->second.outcome.detail = "cancelled; ended by SIGTERM";
  at->second.outcome.took = now_ - at->second.started;
}

void ScriptedStepRunner::forget(const StepKey& key) {
  settle();
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.state == State::running) return;
  at->second.state = State::forgotten;
  at->second.outcome = StepOutcome{};
  at->second.watched = false;
}

std::size_t ScriptedStepRunner::running() const {
  return static_cast<std::size_t>(std::count_if(
      entries_.begin(), entries_.end(), [](const auto& entry) { return entry.second.state == State::running; }));
}

bool ScriptedStepRunner::forgotten(const StepKey& key) const {
  const auto at = entries_.find(key);
  return at != entries_.end() && at->second.state == State::forgotten;
}

} // namespace backstop
