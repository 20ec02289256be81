#pragma once
#include "daemon/config/config.hpp"
#include "daemon/report/story.hpp"
#include "daemon/seams.hpp"
#include "rules/result.hpp"
#include "rules/table.hpp"
#include <optional>
#include <span>
#include <string>
#include <vector>

/// How each indicator went, from the scrapes that were kept.
namespace backstop::report {

struct Point {
  Time at{};                   ///< of the newest samples in it
  std::optional<double> value; ///< none: nothing usable, and the line is broken
};

/// What a row or a criterion says of an indicator, as a picture shows it.
struct LimitLine {
  std::string rule;
  std::string text; ///< "> 5%", "> 2x baseline (9.79ms)"
  double value = 0;
  bool higher_is_worse = true;
};

struct Course {
  std::string indicator;
  Unit unit = Unit::count;
  Duration window{};             ///< that each reading looks back over; zero: a gauge
  std::optional<Row> row;        ///< the threshold row that judges it
  std::vector<LimitLine> limits; ///< of criteria; of rows the critical band's edge stands in `row`
  bool higher_is_worse = true;
  std::optional<double> baseline; ///< frozen at begin, where it was usable
  std::string baseline_why;       ///< why there is none
  std::vector<Point> points;      ///< in order of time
};

/// Requests that a ratio counted between two times.
struct Requests {
  std::string indicator;
  double all = 0, bad = 0;
};

struct Courses {
  std::vector<Course> courses; ///< in the order of the configuration
  std::string missing;         ///< why there are none; empty: there are
  Time first{}, last{};        ///< of the scrapes
  std::size_t scrapes = 0;
  std::size_t failed = 0;         ///< scrapes that did not succeed, while the deployment was judged
  std::vector<Requests> requests; ///< of each ratio, while the new version had the traffic
};

/// The readings of every indicator of `service` (as frozen in the story) over `scrapes`, which are in order of time. Windows
/// begin anew where the daemon's did: at `deploy finish`, after a warm-up of the timers, at a verification. What was
/// judged live may differ where targets came and went. Nothing kept: `missing` says so, and limits and baselines are
/// there without points.
Result<Courses> courses_of(const Story& story, const config::Service& service, std::span<const KeptScrape> scrapes);

} // namespace backstop::report
