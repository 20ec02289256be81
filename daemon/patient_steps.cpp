#include "daemon/patient_steps.hpp"
#include <algorithm>
#include <utility>
#include <vector>

namespace backstop {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

} // namespace

PatientSteps::PatientSteps(StepRunner& inner, std::function<Time()> now, std::function<void(Time)> wake_at)
    : inner_(inner), now_(std::move(now)), wake_at_(std::move(wake_at)) {
  inner_.on_finished = [this](const StepKey& key, const StepOutcome& outcome) { on_outcome(key, outcome); };
}

Status PatientSteps::start(const StepKey& key, const StepCommand& command) {
  if (waiting_.contains(key)) return fail(Errc::refused, "step " + key.text() + " is being started");
  waiting_[key] = {command, now_(), kNever, true, ""};
  Status started = inner_.start(key, command);
  if (!started && started.error().code == Errc::io && wait(key, started.error().what)) return {};
  if (!started) waiting_.erase(key);
  return started;
}

/// False: it was waited for long enough.
bool PatientSteps::wait(const StepKey& key, const std::string& why) {
  const auto at = waiting_.find(key);
  if (at == waiting_.end()) return false;
  Waiting& w = at->second;
  if (now_() + kRetry >= w.first + w.command.timeout) return false;
  w.next = now_() + kRetry;
  w.asked = false;
  if (std::exchange(w.why, why) != why && on_wait) on_wait(key, why);
  tell_due();
  return true;
}

void PatientSteps::on_outcome(const StepKey& key, StepOutcome outcome) {
  if (outcome.end == StepEnd::failed_to_start && outcome.may_pass && wait(key, outcome.detail)) return;
  waiting_.erase(key);
  if (on_finished) on_finished(key, outcome);
}

void PatientSteps::tick() {
  std::vector<StepKey> due;
  for (const auto& [key, w] : waiting_) {
    if (!w.asked && w.next <= now_()) due.push_back(key);
  }
  for (const StepKey& key : due) {
    Waiting& w = waiting_.at(key);
    w.asked = true;
    w.next = kNever;
    const Status started = inner_.start(key, StepCommand(w.command));
    if (started) continue;
    const std::string why = started.error().what;
    if (started.error().code == Errc::io && wait(key, why)) continue;
    give_up(key, started.error().code == Errc::refused ? StepEnd::unknown : StepEnd::failed_to_start, why);
  }
  tell_due();
}

void PatientSteps::give_up(const StepKey& key, StepEnd end, const std::string& why) {
  waiting_.erase(key);
  StepOutcome outcome;
  outcome.end = end;
  outcome.detail = why;
  if (on_finished) on_finished(key, outcome);
}

StepRunner::Seen PatientSteps::adopt(const StepKey& key) {
  const auto at = waiting_.find(key);
  if (at != waiting_.end() && !at->second.asked) return Seen::running;
  return inner_.adopt(key);
}

void PatientSteps::cancel(const StepKey& key) {
  const auto at = waiting_.find(key);
  if (at == waiting_.end() || at->second.asked) return inner_.cancel(key);
  const std::string why = "it was never started: " + at->second.why;
  give_up(key, StepEnd::cancelled, why);
  tell_due();
}

void PatientSteps::tell_due() {
  Time due = kNever;
  for (const auto& [key, w] : waiting_) due = std::min(due, w.next);
  wake_at_(due);
}

} // namespace backstop
