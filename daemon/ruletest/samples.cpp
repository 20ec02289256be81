#include "daemon/ruletest/samples.hpp"
#include <charconv>
#include <cmath>
#include <map>
#include <set>

namespace backstop::ruletest {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

/// In seconds, digits alone.
std::string stamp(Duration since_start) {
  const std::int64_t us = to_us(time_of(since_start));
  std::string digits = std::to_string(1'000'000 + us % 1'000'000).substr(1);
  return std::to_string(us / 1'000'000) + "." + digits;
}

} // namespace

std::string samples_of(const Test& test) {
  const auto slots = static_cast<std::size_t>(test.end / test.interval) + 1;
  std::vector<std::string> times;
  for (std::size_t i = 0; i < slots; ++i)
    times.push_back(" " + stamp(test.interval * static_cast<std::int64_t>(i)) + "\n");
  std::string text;
  std::map<std::pair<std::string, std::string>, std::set<std::size_t>> failed; // by source and target
  for (const Series& series : test.series) {
    for (const auto& target : series.targets) failed[target];
    for (std::size_t i = 0; i < slots && i < series.values.slots.size(); ++i) {
      const Slot& slot = series.values.slots[i];
      if (slot.kind == Slot::Kind::value) text += series.name + " " + number(slot.value) + times[i];
      if (slot.kind != Slot::Kind::failed) continue;
      for (const auto& target : series.targets) failed[target].insert(i);
    }
  }
  // Of each scrape, so that one in which all series are absent is a good one.
  for (const auto& [target, in] : failed) {
    const std::string labels = "source=\"" + target.first + "\",target=\"" + target.second + "\"";
    for (std::size_t i = 0; i < slots; ++i) {
      const bool good = in.count(i) == 0;
      text += "backstop_scrape{" + labels + (good ? "} 1" : ",why=\"failed in the test\"} 0") + times[i];
    }
  }
  return text + "# EOF\n";
}

} // namespace backstop::ruletest
