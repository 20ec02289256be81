#pragma once
#include "rules/time.hpp"
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// How a service is delivered: the figures of DORA (dora.dev/guides/dora-metrics, "DORA's software delivery performance
/// metrics"), as far as records tell them:
/// - deployment frequency: deployments whose version got the traffic, by week;
/// - change fail rate: the share of these that had to be taken back, whoever ordered it: rolled back, or the rollback failed;
/// - failed deployment recovery time: from the incident to the version before being verified, the median.
/// The fourth, change lead time, needs the times of commits, which nobody tells the daemon.
namespace backstop::report {

/// One deployment. A rollback is none of its own.
struct Delivered {
  std::string service;
  Time out{}; ///< `deploy finish`
  bool failed = false;
  Time incident{};  ///< opened; zero: none
  Time recovered{}; ///< the version before was verified; zero: it was not, or it did not fail
};

struct Delivery {
  std::string service;
  std::size_t deployments = 0, failed = 0, recovered = 0;
  double per_week = 0;
  std::optional<double> fail_rate;         ///< none without a deployment
  std::optional<Duration> recovery_median; ///< none where nothing recovered
  std::optional<Duration> recovery_longest;
};

/// By service, in order of its name, of those that were out in [from, to).
std::vector<Delivery> deliveries_of(std::span<const Delivered> delivered, Time from, Time to);

} // namespace backstop::report
