#pragma once
#include "daemon/report/course.hpp"
#include "daemon/report/picture.hpp"
#include <vector>

/// Which values and times the axes of a picture show.
namespace backstop::report {

struct Scale {
  double low = 0, high = 1;
  std::vector<double> ticks;
};
/// All readings in the frame, zero where none is below it, and those limits that are not so far away that the readings would
/// be a flat line.
Scale scale_of(const Course& course, const Frame& frame);

/// Round times in UTC, five at most; `short_labels`: no seconds are needed.
std::vector<Time> time_ticks(const Frame& frame, bool& short_labels);

} // namespace backstop::report
