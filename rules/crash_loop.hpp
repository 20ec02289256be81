#pragma once
#include "rules/time.hpp"
#include <cstddef>
#include <cstdint>
#include <vector>

namespace backstop {

/// A target that starts again and again, as its counters tell: fewer requests fail than are lost, so shares may stay low.
/// Restarts are counted by target: a rolling restart of many is none. An answer is no snapshot: counters that begin anew in
/// the answer after that in which the others did belong to the same restart.
class CrashLoop {
public:
  static constexpr Duration kSpan = std::chrono::minutes(5);
  static constexpr std::uint32_t kFewest = 4; ///< restarts of one target within the span that are a crash loop
  struct Restart {
    Time t{};
    std::uint32_t target = 0;
    bool operator==(const Restart&) const = default;
  };

  /// `interval`: between two answers.
  void add(Time t, std::uint32_t target, Duration interval) {
    for (const Restart& r : restarts_) {
      if (r.target == target && t - r.t <= interval + interval / 2) return;
    }
    restarts_.push_back({t, target});
    while (restarts_.front().t <= t - kSpan || restarts_.size() > kMost) restarts_.erase(restarts_.begin());
  }
  void clear() { restarts_.clear(); }
  /// Restarts of the target that restarted most often, within the span before `now`.
  [[nodiscard]] std::uint32_t worst(Time now) const {
    std::uint32_t most = 0;
    for (const Restart& r : restarts_) {
      std::uint32_t n = 0;
      for (const Restart& other : restarts_) n += other.target == r.target && other.t > now - kSpan;
      most = n > most ? n : most;
    }
    return most;
  }
  [[nodiscard]] const std::vector<Restart>& restarts() const { return restarts_; }
  void restore(std::vector<Restart> restarts) { restarts_ = std::move(restarts); }

private:
  static constexpr std::size_t kMost = 64;
  std::vector<Restart> restarts_; ///< oldest first
};

} // namespace backstop
