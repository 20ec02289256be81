#pragma once
#include "daemon/report/course.hpp"
#include <string>
#include <vector>

namespace backstop::report {

/// A time that every picture of a report marks with the same number.
struct Mark {
  Time at{};
  std::string text; ///< "v1.2.3 has the traffic"
  bool bad = false;
};
/// What pictures of one report have in common.
struct Frame {
  Time from{}, to{};
  std::vector<Mark> marks; ///< numbered from 1, in order of time
};

/// The readings of one indicator as SVG with nothing outside of it: bands and limits, the baseline, the marks, times in UTC.
/// Empty where no reading lies in the frame. `name` says in words what is to be seen, for who does not see it.
std::string picture_of(const Course& course, const Frame& frame, const std::string& name);

} // namespace backstop::report
