#pragma once
#include "collectors/raw_sample.hpp"
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What a monitoring plugin printed (monitoring-plugins.org/doc/guidelines.html, "Plugin Output").
namespace backstop {

/// More of it is not read.
inline constexpr std::size_t kMostPluginOutput = std::size_t{64} << 10;

struct PluginOutput {
  std::string text; ///< the first line before its '|', as valid UTF-8 without control characters, at most 200 bytes
  std::vector<RawSample> samples; ///< each label once, the first of them
  std::size_t left_out = 0;       ///< pieces of the performance data that are none
  std::string first_left_out;     ///< the first of them, fit to be shown
};

/// Reads "text | 'label'=value[unit];warn;crit;min;max ..." and the lines after the first, which are text up to a '|'
/// and performance data from there on. Limits and what stands behind the value are not looked at.
///
/// - plugin_perfdata{label}: value in seconds (of s, ms, us, ns), bytes (of B; kB, MB, ... are powers of 1000, KiB,
///   MiB, ... powers of 1024), percent, or as it is written for any other unit.
/// - plugin_perfdata_total{label}: where the unit is c, a counter.
///
/// A value of U, which is "not known", gives nothing and is no fault. Numbers have a decimal point: "1,5" is none. A
/// label has quotes around it where it has blanks, quotes or equals signs in it; a quote in quotes is written twice.
PluginOutput read_plugin_output(std::string_view output);

} // namespace backstop
