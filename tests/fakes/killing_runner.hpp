#pragma once
#include "tests/fakes/scripted_step_runner.hpp"
#include <utility>

namespace backstop {

/// Thrown where the daemon under test dies.
struct Killed {};

/// Dies right before or right after the n-th start of a step.
class KillingRunner final : public StepRunner {
public:
  [[nodiscard]] std::string_view runs_as() const override { return "child processes"; }
  [[nodiscard]] bool confines() const override { return false; }
  explicit KillingRunner(ScriptedStepRunner& inner) : inner_(inner) {}
  Status start(const StepKey& key, const StepCommand& command) override {
    ++starts;
    if (starts == before) throw Killed{};
    Status status = inner_.start(key, command);
    if (starts == after) throw Killed{};
    return status;
  }
  Seen adopt(const StepKey& key) override { return std::exchange(late, false) ? Seen::never : inner_.adopt(key); }
  void cancel(const StepKey& key) override { inner_.cancel(key); }
  void forget(const StepKey& key) override { inner_.forget(key); }
  int starts = 0, before = 0, after = 0;
  bool late = false; ///< a step that was asked for is only started after the next question for it

private:
  ScriptedStepRunner& inner_;
};

} // namespace backstop
