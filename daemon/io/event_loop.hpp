#pragma once
#include "daemon/io/barrier.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <functional>
#include <memory>

struct sd_event;

namespace backstop {

/// The one loop. Every handler runs on the one thread, through the barrier; exceptions end run() and come out of it.
class EventLoop {
public:
  /// A registered source. Destroying it removes it; that is safe inside its own handler.
  class Source {
  public:
    virtual ~Source() = default;
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
  };
  /// Lower runs first when several are ready.
  enum Priority : int { kSteps = -100, kNormal = 0, kControl = 50, kIdle = 100 };
  class Io : public Source {
  public:
    virtual void set_events(std::uint32_t epoll_events) = 0; ///< 0: paused
    virtual void set_priority(Priority priority) = 0;
  };
  class Timer : public Source {
  public:
    virtual void arm(Time at) = 0; ///< once; in the past: as soon as the loop runs. Arming again replaces.
    virtual void disarm() = 0;
  };

  static Result<std::unique_ptr<EventLoop>> create();
  ~EventLoop();

  /// Judge time of the loop's last wake-up: CLOCK_MONOTONIC plus the anchor.
  [[nodiscard]] Time now() const;
  /// Judge time read afresh, for measuring how long something took.
  [[nodiscard]] Time fresh_now() const;
  /// Offset between judge time and CLOCK_MONOTONIC. At start: the wall clock's. A restart within one boot puts back the
  /// stored one, so that a step of the wall clock moves no deadline.
  [[nodiscard]] Duration anchor() const;
  void set_anchor(Duration anchor);

  std::unique_ptr<Io> add_io(int fd, std::uint32_t epoll_events, std::function<void(std::uint32_t revents)> handler,
                             Priority priority = kNormal);
  std::unique_ptr<Timer> add_timer(std::function<void()> handler, Priority priority = kNormal);
  /// `signal` must be blocked in the process before (see block_signals()).
  std::unique_ptr<Source> add_signal(int signal, std::function<void()> handler);
  /// Runs `work` once, after the handler that posts it. Destroying the loop drops it.
  void post(std::function<void()> work, Priority priority = kNormal);

  /// Runs until exit(); gives its code. Throws what a handler threw.
  int run();
  void exit(int code);
  /// All handlers that are ready, waiting at most `wait` for the first: for tests and for programs that poll. What they
  /// post is left to the next call. False after exit().
  bool run_once(Duration wait);

  [[nodiscard]] Barrier& barrier();
  [[nodiscard]] sd_event* raw();

private:
  EventLoop();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Blocks the signals the daemon handles through the loop (TERM, INT, HUP, CHLD) and ignores PIPE. Call before any thread.
void block_signals();

} // namespace backstop
