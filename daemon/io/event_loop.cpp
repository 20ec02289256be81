#include "daemon/io/event_loop.hpp"
#include <array>
#include <csignal>
#include <cstring>
#include <ctime>
#include <deque>
#include <map>
#include <optional>
#include <pthread.h>
#include <set>
#include <sys/signalfd.h>
#include <system_error>
#include <systemd/sd-event.h>
#include <vector>

namespace backstop {
namespace {

constexpr int kMaxHandlers = 256; ///< of one run_once(): a socket that is always readable must not keep it for ever

constexpr std::array kSignals = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};

Duration read_clock(clockid_t clock) {
  timespec ts{};
  clock_gettime(clock, &ts);
  return std::chrono::seconds(ts.tv_sec) + std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(ts.tv_nsec));
}

int check(int r, const char* what) {
  if (r < 0) throw std::system_error(-r, std::generic_category(), what);
  return r;
}

class TimerSource;

/// What sources need of the loop. Shared, so that a source destroyed after its loop does no harm.
struct Core {
  Core() = default;
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() { sd_event_unref(event); }

  sd_event* event = nullptr;
  Barrier barrier;
  Duration anchor{};
  std::set<TimerSource*> timers;
};

/// Owns the sd_event_source and the handler. The handler is shared with the frame that runs it: a source may be destroyed
/// by its own handler, and a closure must outlive its own call.
template <class Base, class Handler> class SourceOf : public Base {
public:
  SourceOf(std::shared_ptr<Core> core, Handler handler)
      : core_(std::move(core)), handler_(std::make_shared<Handler>(std::move(handler))) {}
  ~SourceOf() override { sd_event_source_disable_unref(source_); }

protected:
  template <class... Args> static int dispatch(void* self, Args... args) noexcept {
    auto* s = static_cast<SourceOf*>(self);
    const std::shared_ptr<Core> core = s->core_;
    const std::shared_ptr<Handler> handler = s->handler_;
    core->barrier.run([&] { (*handler)(args...); });
    return 0;
  }
  void give_priority(EventLoop::Priority priority) {
    check(sd_event_source_set_priority(source_, priority), "cannot set the priority of an event source");
  }

  std::shared_ptr<Core> core_;
  std::shared_ptr<Handler> handler_;
  sd_event_source* source_ = nullptr;
};

class IoSource final : public SourceOf<EventLoop::Io, std::function<void(std::uint32_t)>> {
public:
  IoSource(std::shared_ptr<Core> core, std::function<void(std::uint32_t)> handler, int fd, std::uint32_t events,
           EventLoop::Priority priority)
      : SourceOf(std::move(core), std::move(handler)) {
    check(sd_event_add_io(
              core_->event, &source_, fd, events,
              [](sd_event_source*, int, std::uint32_t revents, void* self) noexcept { return dispatch(self, revents); },
              static_cast<SourceOf*>(this)),
          "cannot watch a file descriptor");
    give_priority(priority);
    if (events == 0) set_events(0);
  }
  void set_events(std::uint32_t events) override {
    // Watching for nothing still reports hang-ups, again and again: off is off.
    if (events != 0) check(sd_event_source_set_io_events(source_, events), "cannot watch a file descriptor");
    check(sd_event_source_set_enabled(source_, events != 0 ? SD_EVENT_ON : SD_EVENT_OFF),
          "cannot watch a file descriptor");
  }
  void set_priority(EventLoop::Priority priority) override { give_priority(priority); }
};

class TimerSource final : public SourceOf<EventLoop::Timer, std::function<void()>> {
public:
  TimerSource(std::shared_ptr<Core> core, std::function<void()> handler, EventLoop::Priority priority)
      : SourceOf(std::move(core), std::move(handler)) {
    constexpr std::uint64_t accuracy_us = 1; // 0 would mean sd-event's default of 250 ms
    check(sd_event_add_time(
              core_->event, &source_, CLOCK_MONOTONIC, 0, accuracy_us,
              [](sd_event_source*, std::uint64_t, void* self) noexcept { return fire(self); },
              static_cast<SourceOf*>(this)),
          "cannot add a timer");
    check(sd_event_source_set_enabled(source_, SD_EVENT_OFF), "cannot add a timer");
    give_priority(priority);
    core_->timers.insert(this);
  }
  ~TimerSource() override { core_->timers.erase(this); }

  void arm(Time at) override {
    if (at == kNever) return disarm();
    at_ = at;
    std::int64_t due = 0;
    if (__builtin_sub_overflow(to_us(at), core_->anchor.count(), &due) || due < 0) due = 0;
    check(sd_event_source_set_time(source_, static_cast<std::uint64_t>(due)), "cannot arm a timer");
    check(sd_event_source_set_enabled(source_, SD_EVENT_ONESHOT), "cannot arm a timer");
  }
  void disarm() override {
    at_.reset();
    check(sd_event_source_set_enabled(source_, SD_EVENT_OFF), "cannot disarm a timer");
  }
  void anchor_moved() {
    if (at_) arm(*at_);
  }

private:
  static int fire(void* self) noexcept {
    static_cast<TimerSource*>(static_cast<SourceOf*>(self))->at_.reset();
    return dispatch(self);
  }
  std::optional<Time> at_;
};

class SignalSource final : public SourceOf<EventLoop::Source, std::function<void()>> {
public:
  SignalSource(std::shared_ptr<Core> core, std::function<void()> handler, int signal)
      : SourceOf(std::move(core), std::move(handler)) {
    check(sd_event_add_signal(
              core_->event, &source_, signal,
              [](sd_event_source*, const signalfd_siginfo*, void* self) noexcept { return dispatch(self); },
              static_cast<SourceOf*>(this)),
          "cannot watch a signal (is it blocked?)");
    give_priority(EventLoop::kSteps);
  }
};

} // namespace

struct EventLoop::Impl {
  /// Work of one priority, first in first out (sd-event keeps no order among equals).
  struct Queue {
    Impl* impl = nullptr;
    std::deque<std::function<void()>> work;
    sd_event_source* source = nullptr;
  };
  struct Posted {
    Priority priority;
    std::function<void()> work;
  };

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    for (auto& [priority, queue] : queues) sd_event_source_disable_unref(queue.source);
  }

  /// Hands what was posted to sd-event. Done between handlers only: work does not run inside of what posted it.
  void activate_posted() {
    for (Posted& p : std::exchange(posted, {})) {
      Queue& queue = queues[p.priority];
      if (!queue.source) {
        queue.impl = this;
        check(sd_event_add_defer(core->event, &queue.source, &Impl::run_posted, &queue), "cannot post work");
        check(sd_event_source_set_priority(queue.source, p.priority), "cannot post work");
      }
      queue.work.push_back(std::move(p.work));
      check(sd_event_source_set_enabled(queue.source, SD_EVENT_ONESHOT), "cannot post work");
    }
  }

  /// One at a time: what is more urgent and became ready goes first.
  static int run_posted(sd_event_source* source, void* argument) noexcept {
    Queue& queue = *static_cast<Queue*>(argument);
    const auto core = queue.impl->core;
    core->barrier.run([&] {
      const std::function<void()> work = std::move(queue.work.front());
      queue.work.pop_front();
      if (!queue.work.empty()) check(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT), "cannot post work");
      work();
    });
    return 0;
  }

  bool poll(std::uint64_t wait_us) {
    int r = check(sd_event_prepare(core->event), "event loop");
    if (r == 0) r = check(sd_event_wait(core->event, wait_us), "event loop");
    return r > 0;
  }

  /// Runs one handler, the most urgent of those that are ready. Not all of them before the next look at what is ready: to
  /// find out that there are no more costs a system call, which the next wait makes anyway.
  bool run_handler(std::uint64_t wait_us) {
    core->barrier.rethrow(); // thrown in a callback while no loop ran
    if (!poll(wait_us)) return false;
    check(sd_event_dispatch(core->event), "event loop");
    core->barrier.rethrow();
    return true;
  }

  std::shared_ptr<Core> core = std::make_shared<Core>();
  std::map<Priority, Queue> queues;
  std::vector<Posted> posted;
  std::optional<int> exit_code;
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
  std::unique_ptr<EventLoop> loop(new EventLoop);
  if (const int r = sd_event_new(&loop->impl_->core->event); r < 0)
    return fail(Errc::io, std::string("cannot make an event loop: ") + std::strerror(-r));
  loop->impl_->core->anchor = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC);
  return loop;
}

Time EventLoop::now() const {
  std::uint64_t us = 0;
  check(sd_event_now(impl_->core->event, CLOCK_MONOTONIC, &us), "event loop");
  return time_from_us(static_cast<std::int64_t>(us)) + impl_->core->anchor;
}

Time EventLoop::fresh_now() const { return Time{read_clock(CLOCK_MONOTONIC) + impl_->core->anchor}; }

Duration EventLoop::anchor() const { return impl_->core->anchor; }

void EventLoop::set_anchor(Duration anchor) {
  impl_->core->anchor = anchor;
  for (TimerSource* timer : impl_->core->timers) timer->anchor_moved();
}

std::unique_ptr<EventLoop::Io> EventLoop::add_io(int fd, std::uint32_t epoll_events,
                                                 std::function<void(std::uint32_t revents)> handler,
                                                 Priority priority) {
  return std::make_unique<IoSource>(impl_->core, std::move(handler), fd, epoll_events, priority);
}

std::unique_ptr<EventLoop::Timer> EventLoop::add_timer(std::function<void()> handler, Priority priority) {
  return std::make_unique<TimerSource>(impl_->core, std::move(handler), priority);
}

std::unique_ptr<EventLoop::Source> EventLoop::add_signal(int signal, std::function<void()> handler) {
  return std::make_unique<SignalSource>(impl_->core, std::move(handler), signal);
}

void EventLoop::post(std::function<void()> work, Priority priority) {
  impl_->posted.push_back({priority, std::move(work)});
}

int EventLoop::run() {
  while (!impl_->exit_code) {
    impl_->activate_posted();
    impl_->run_handler(UINT64_MAX);
  }
  return *std::exchange(impl_->exit_code, std::nullopt);
}

void EventLoop::exit(int code) { impl_->exit_code = code; }

bool EventLoop::run_once(Duration wait) {
  if (impl_->exit_code) return false;
  impl_->activate_posted();
  auto wait_us = static_cast<std::uint64_t>(std::max(wait, Duration::zero()).count());
  for (int i = 0; i < kMaxHandlers && !impl_->exit_code && impl_->run_handler(wait_us); ++i) wait_us = 0;
  return !impl_->exit_code;
}

Barrier& EventLoop::barrier() { return impl_->core->barrier; }
sd_event* EventLoop::raw() { return impl_->core->event; }

void block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kSignals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

} // namespace backstop
