#pragma once
#include "daemon/seams.hpp"
#include <functional>
#include <map>

namespace backstop {

/// A StepRunner before another one that does not give up at once: a step that cannot be started for a reason of the host that
/// may pass (no space left, an I/O error, backstop-runner does not answer) is tried again, until its own timeout has passed.
/// Nothing was run in between, so it still runs at most once. All in memory: after a restart the step is settled like any
/// other that was intended and never started.
class PatientSteps final : public StepRunner {
public:
  /// `now` is asked at each try. `wake_at` is told when tick() is due next, kNever for never.
  PatientSteps(StepRunner& inner, std::function<Time()> now, std::function<void(Time)> wake_at);

  Status start(const StepKey& key, const StepCommand& command) override;
  Seen adopt(const StepKey& key) override;
  void cancel(const StepKey& key) override;
  void forget(const StepKey& key) override { inner_.forget(key); }
  [[nodiscard]] std::string_view runs_as() const override { return inner_.runs_as(); }
  [[nodiscard]] bool confines() const override { return inner_.confines(); }

  /// Tries what is due.
  void tick();

  /// A step has to wait, or for another reason than before: for the log.
  std::function<void(const StepKey&, const std::string& why)> on_wait;

private:
  struct Waiting {
    StepCommand command;
    Time first{}, next{};
    bool asked = false; ///< the inner runner has it and has not answered yet
    std::string why;
  };
  void on_outcome(const StepKey& key, StepOutcome outcome);
  bool wait(const StepKey& key, const std::string& why);
  void give_up(const StepKey& key, StepEnd end, const std::string& why);
  void tell_due();

  StepRunner& inner_;
  std::function<Time()> now_;
  std::function<void(Time)> wake_at_;
  std::map<StepKey, Waiting> waiting_; ///< every step that was not yet seen to be started
};

} // namespace backstop
