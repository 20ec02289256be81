#pragma once
#include "daemon/ctl/screen/model.hpp"
#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace backstop::ctl::screen {

/// The readings of one service, put together from the answers of GET /v1/readings/SERVICE. The daemon begins anew with each start; what
/// it told before is kept here. Pure, bounded.
class History {
public:
  /// Takes the points after those that are known.
  void take(const Json& document);
  /// What to ask for: the points after this one; zero: all.
  [[nodiscard]] std::int64_t newest_us() const { return points_.empty() ? 0 : points_.back().t_us; }
  /// Of an indicator; `begun`: of the deployment, zero where there is none.
  [[nodiscard]] Course course(const std::string& indicator, Time begun) const;

private:
  struct Point {
    std::int64_t t_us = 0;
    std::map<std::string, double> values; ///< by indicator; those that had a usable reading
  };
  std::deque<Point> points_;
};

} // namespace backstop::ctl::screen
