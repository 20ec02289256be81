#include "daemon/io/supervised_steps.hpp"
#include <sys/epoll.h>

namespace backstop {

// The descriptor is first, so that it is closed after the loop lets go of it.
struct SupervisedSteps::Watched {
  step::Fd control;
  std::unique_ptr<EventLoop::Io> io;
};

SupervisedSteps::SupervisedSteps(EventLoop& loop, StepFiles files)
    : loop_(loop), files_(std::move(files)), alive_(std::make_shared<bool>(true)) {}

SupervisedSteps::~SupervisedSteps() = default;

void SupervisedSteps::watch(const StepKey& key, step::Fd control) {
  auto watched = std::make_unique<Watched>();
  watched->control = std::move(control);
  watched->io = loop_.add_io(
      watched->control.get(), EPOLLERR, [this, key](std::uint32_t) { on_done(StepKey(key)); }, EventLoop::kSteps);
  watched_[key] = std::move(watched);
}

void SupervisedSteps::on_done(const StepKey& key) {
  if (watched_.erase(key) == 0) return;
  StepFiles::Found found = files_.look(key);
  if (found.seen == Seen::never) found.outcome.detail = files_.path_of(key) + " was removed while the step ran";
  if (on_finished) on_finished(key, found.outcome);
}

void SupervisedSteps::tell_later(const StepKey& key, StepOutcome outcome) {
  loop_.post(
      [this, alive = std::weak_ptr<bool>(alive_), key, outcome = std::move(outcome)] {
        if (!alive.expired() && on_finished) on_finished(key, outcome);
      },
      EventLoop::kSteps);
}

StepRunner::Seen SupervisedSteps::adopt(const StepKey& key) {
  if (watched_.contains(key)) return Seen::running;
  if (step::Fd control = files_.control(key)) {
    watch(key, std::move(control));
    return Seen::running;
  }
  StepFiles::Found found = files_.look(key);
  if (found.seen == Seen::finished) tell_later(key, std::move(found.outcome));
  return found.seen;
}

void SupervisedSteps::cancel(const StepKey& key) {
  const auto at = watched_.find(key);
  if (at != watched_.end()) step::write_all(at->second->control.get(), "c");
}

} // namespace backstop
