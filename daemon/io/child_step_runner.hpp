#pragma once
#include "daemon/io/event_loop.hpp"
#include "daemon/io/step_files.hpp"
#include "daemon/seams.hpp"
#include <map>
#include <memory>
#include <string>

namespace backstop {

/// Runs each step under a small supervisor process, backstop-step, which outlives the daemon and leaves the outcome in
/// the step's directory. Nothing here depends on who started the supervisor: a step of a daemon that was killed is
/// watched like an own one. Why and how: docs/decisions/0020-step-supervisor.md. Under systemd the daemon's unit needs
/// KillMode=process, or a stop of the daemon ends its steps.
class ChildStepRunner final : public StepRunner {
public:
  /// `state_directory` exists and is the daemon's alone. `supervisor` is the path of backstop-step; it must be there.
  static Result<std::unique_ptr<ChildStepRunner>> create(EventLoop& loop, const std::string& state_directory,
                                                         std::string supervisor);
  /// Steps go on.
  ~ChildStepRunner() override;

  Status start(const StepKey& key, const StepCommand& command) override;
  Seen adopt(const StepKey& key) override;
  void cancel(const StepKey& key) override;
  void forget(const StepKey& key) override;

  /// Clears away what is left of steps last changed before `before`. From then on their keys can be started again: only
  /// for keys the journal does not start any more. Their number.
  std::size_t purge(Time before) { return files_.purge(before); }

private:
  struct Watched; ///< a running step: its control pipe
  struct Child;   ///< a supervisor to be reaped
  ChildStepRunner(EventLoop& loop, StepFiles files, std::string supervisor);
  Status launch(const StepKey& key);
  void watch(const StepKey& key, step::Fd control);
  void watch_child(const StepKey& key, int pid);
  void on_child_exit(const StepKey& key, int pid);
  void on_done(const StepKey& key);

  EventLoop& loop_;
  StepFiles files_;
  std::string supervisor_;
  std::map<StepKey, std::unique_ptr<Watched>> watched_;
  std::map<int, std::unique_ptr<Child>> children_;
  std::shared_ptr<bool> alive_; ///< posted work looks at it: the loop may outlive us
};

} // namespace backstop
