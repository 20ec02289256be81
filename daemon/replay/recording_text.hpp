#pragma once
#include "daemon/seams.hpp"
#include <span>
#include <string>

namespace backstop::replay {

/// Kept scrapes as OpenMetrics text with timestamps, which read_recording() takes back with the same decisions, and
/// `promtool tsdb create-blocks-from openmetrics` too: families stand together, the samples of a series are in order of
/// time, the series of a family of one target in the order in which they were first seen. Every series has the labels
/// backstop_source and backstop_target; every scrape has its backstop_scrape and backstop_scrape_duration_seconds.
/// `scrapes` in order of time. Ends with "# EOF".
std::string openmetrics_of(std::span<const KeptScrape> scrapes);

} // namespace backstop::replay
