#include "daemon/ctl/screen/history.hpp"
#include "daemon/ctl/layout.hpp"

namespace backstop::ctl::screen {
namespace {

constexpr std::size_t kMost = 720; ///< twice what the daemon keeps

} // namespace

void History::take(const Json& document) {
  const auto& times = list(document["t_us"]);
  const std::int64_t known = newest_us();
  for (std::size_t i = 0; i < times.size(); ++i) {
    const std::int64_t* t = times[i].as_int();
    if (!t || *t <= known) continue;
    Point point{*t, {}};
    for (const Json& indicator : list(document["indicators"])) {
      const auto& values = list(indicator["values"]);
      double value = 0;
      if (i < values.size() && values[i].as_number(value)) point.values[indicator.text("name")] = value;
    }
    points_.push_back(std::move(point));
    if (points_.size() > kMost) points_.pop_front();
  }
}

Course History::course(const std::string& indicator, Time begun) const {
  Course course;
  for (const Point& point : points_) {
    // A deployment that began before all of this needs no mark.
    if (begun != Time{} && !course.begun && point.t_us >= to_us(begun) && points_.front().t_us < to_us(begun))
      course.begun = course.values.size();
    const auto value = point.values.find(indicator);
    course.values.push_back(value == point.values.end() ? std::nullopt : std::optional(value->second));
  }
  if (points_.size() > 1)
    course.every_s =
        static_cast<double>(points_.back().t_us - points_.front().t_us) / 1e6 / static_cast<double>(points_.size() - 1);
  return course;
}

} // namespace backstop::ctl::screen
