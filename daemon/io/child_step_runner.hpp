#pragma once
#include "daemon/io/supervised_steps.hpp"
#include <map>
#include <memory>
#include <string>

namespace backstop {

/// Runs each step under a small supervisor process, backstop-step, which outlives the daemon and leaves the outcome in
/// the step's directory. Why and how: docs/decisions/0020-step-supervisor.md. Under systemd the daemon's unit needs
/// KillMode=process, or a stop of the daemon ends its steps.
class ChildStepRunner final : public SupervisedSteps {
public:
  /// `state_directory` exists and is the daemon's alone. `supervisor` is the path of backstop-step; it must be there.
  static Result<std::unique_ptr<ChildStepRunner>> create(EventLoop& loop, const std::string& state_directory,
                                                         std::string supervisor);
  /// Steps go on.
  ~ChildStepRunner() override;

  Status start(const StepKey& key, const StepCommand& command) override;
  /// A step that was claimed and of which it is certain that nothing was run, as whoever started it was killed at that
  /// moment, is `never`: its claim is taken back.
  Seen adopt(const StepKey& key) override;
  void forget(const StepKey& key) override;
  [[nodiscard]] std::string_view runs_as() const override { return "child processes"; }
  [[nodiscard]] bool confines() const override { return false; }

  /// Clears away what is left of steps last changed before `before`. From then on their keys can be started again: only
  /// for keys the journal does not start any more. Their number.
  std::size_t purge(Time before) { return files_.purge(before); }

private:
  struct Child; ///< a supervisor to be reaped
  ChildStepRunner(EventLoop& loop, StepFiles files, std::string supervisor);
  Status launch(const StepKey& key);
  void watch_child(const StepKey& key, int pid);
  void on_child_exit(const StepKey& key, int pid);

  std::string supervisor_;
  std::map<int, std::unique_ptr<Child>> children_;
};

} // namespace backstop
