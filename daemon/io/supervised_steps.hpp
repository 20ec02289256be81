#pragma once
#include "daemon/io/event_loop.hpp"
#include "daemon/io/step_files.hpp"
#include "daemon/seams.hpp"
#include <map>
#include <memory>

namespace backstop {

/// What every runner of steps under backstop-step has in common, whoever starts the supervisor: a step is watched through
/// its control pipe, and its outcome is read from its directory. Nothing here depends on who started it: a step of a
/// daemon that was killed is watched like an own one.
class SupervisedSteps : public StepRunner {
public:
  /// Steps go on.
  ~SupervisedSteps() override;
  Seen adopt(const StepKey& key) override;
  void cancel(const StepKey& key) override;

protected:
  SupervisedSteps(EventLoop& loop, StepFiles files);
  /// From now on the end of the step is told. `control`: the write end of its control pipe.
  void watch(const StepKey& key, step::Fd control);
  [[nodiscard]] bool watches(const StepKey& key) const { return watched_.contains(key); }
  /// The supervisor is gone: tells what it left. Nothing where the step is not watched.
  void on_done(const StepKey& key);
  /// Tells `outcome` from the loop, never from inside the caller.
  void tell_later(const StepKey& key, StepOutcome outcome);

  EventLoop& loop_;
  StepFiles files_;
  std::shared_ptr<bool> alive_; ///< posted work looks at it: the loop may outlive us

private:
  struct Watched; ///< a running step: its control pipe
  std::map<StepKey, std::unique_ptr<Watched>> watched_;
};

} // namespace backstop
