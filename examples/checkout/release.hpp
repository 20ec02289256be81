#pragma once
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

namespace checkout {

/// What is wrong with a release. All zero: nothing.
struct Faults {
  double fail_percent = 0; ///< of the orders end with 500
  double slow_percent = 0; ///< of the orders take `slow` longer
  std::chrono::milliseconds slow{};
  double leak_connections_per_minute = 0;
  std::chrono::milliseconds start_failing_after{}; ///< well until this long after the start
};

struct Release {
  std::string version;
  Faults faults;
};

/// Reads DIR/release.conf: lines of key=value, empty lines, and comments from # on. On failure `why` is a sentence.
std::optional<Release> read_release(const std::string& directory, std::string& why);

/// Which requests meet which fault. Spread evenly, not by chance (20 % is every fifth), so that a handful of requests
/// shows what thousands do. May be asked from any thread.
class Bugs {
public:
  using Clock = std::chrono::steady_clock;
  explicit Bugs(const Faults& faults, Clock::time_point start) : faults_(faults), start_(start) {}

  struct Turn {
    bool fail = false;
    bool leak = false;
    std::chrono::milliseconds delay{};
  };
  Turn next(Clock::time_point now);

private:
  const Faults faults_;
  const Clock::time_point start_;
  std::mutex mutex_;
  unsigned long requests_ = 0; ///< since the faults set in
  double leaked_ = 0;
};

} // namespace checkout
