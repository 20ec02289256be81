#pragma once
#include "daemon/app.hpp"
#include "daemon/family_text.hpp"
#include <cstdint>
#include <map>
#include <string>

namespace backstop {

/// Counted since the start, as daemon/report/delivery.hpp defines them.
struct DeliveryCounts {
  std::uint64_t deployments = 0, failed = 0;
};

/// What the state and the watches say of each service, as metrics. Nothing is kept: it is made anew for each page, so a restart
/// changes none of it but the counters.
class ServiceMetrics {
public:
  /// `now`: an acknowledgement may have run out.
  ServiceMetrics(const App& app, Time now);
  /// `counts` are told from the start: increase() does not see the first of a series that begins with 1.
  void add(const std::string& key, const ServiceWatch& watch, const DeliveryCounts& counts);
  [[nodiscard]] std::string text() const;

private:
  struct Incidents {
    int unacknowledged = 0, acknowledged = 0;
    Time review_due = kNever; ///< the first one
  };
  void add_state(const std::string& key, const ServiceWatch& watch);
  void add_deployment(const std::string& key, const DeploymentState* newest);
  void add_plan(const std::string& key, const DeploymentState& newest);
  void add_pending(const std::string& key);
  void add_sources(const std::string& key, const ServiceWatch& watch);
  void add_readings(const std::string& key, const ServiceWatch& watch);

  const State& state_of_all_;
  std::map<std::string, Incidents> incidents_of_; ///< by service, of those that need care
  FamilyText info_{metrics::kServiceInfo}, state_{metrics::kState}, times_{metrics::kDeploymentTime};
  FamilyText plan_phase_{metrics::kPlanPhase}, plan_waits_{metrics::kPlanWaits}, traffic_{metrics::kTraffic};
  FamilyText pending_{metrics::kPending}, locked_{metrics::kLocked}, held_{metrics::kHeld}, blind_{metrics::kBlind};
  FamilyText incidents_{metrics::kIncidents}, review_due_{metrics::kReviewDue};
  FamilyText indicator_info_{metrics::kIndicatorInfo}, reading_{metrics::kReading}, baseline_{metrics::kBaseline},
      threshold_{metrics::kThreshold}, level_{metrics::kLevel}, evidence_{metrics::kEvidence},
      source_up_{metrics::kSourceUp};
  FamilyText deployments_{metrics::kDeployments, "counter"}, failed_{metrics::kFailed, "counter"};
};

} // namespace backstop
