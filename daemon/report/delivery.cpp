#include "daemon/report/delivery.hpp"
#include <algorithm>
#include <map>
#include <utility>

namespace backstop::report {
namespace {

constexpr double kWeek = 7 * 86400;

/// Of an even number the mean of the two in the middle.
Duration median_of(std::vector<Duration> times) {
  std::sort(times.begin(), times.end());
  const std::size_t middle = times.size() / 2;
  return times.size() % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
}

} // namespace

std::vector<Delivery> deliveries_of(std::span<const Delivered> delivered, Time from, Time to) {
  std::map<std::string, std::pair<Delivery, std::vector<Duration>>> services;
  for (const Delivered& d : delivered) {
    if (d.out == Time{} || d.out < from || d.out >= to) continue;
    auto& [delivery, recoveries] = services[d.service];
    delivery.service = d.service;
    ++delivery.deployments;
    if (d.failed) ++delivery.failed;
    if (d.failed && d.recovered != Time{} && d.incident != Time{} && d.recovered >= d.incident)
      recoveries.push_back(d.recovered - d.incident);
  }
  std::vector<Delivery> out;
  for (auto& [name, entry] : services) {
    auto& [delivery, recoveries] = entry;
    delivery.per_week = static_cast<double>(delivery.deployments) / (to_seconds(to - from) / kWeek);
    delivery.fail_rate = static_cast<double>(delivery.failed) / static_cast<double>(delivery.deployments);
    delivery.recovered = recoveries.size();
    if (!recoveries.empty()) {
      delivery.recovery_longest = *std::max_element(recoveries.begin(), recoveries.end());
      delivery.recovery_median = median_of(std::move(recoveries));
    }
    out.push_back(std::move(delivery));
  }
  return out;
}

} // namespace backstop::report
