#pragma once

/// The one table of the daemon's metric names; docs/metrics.md says more of each.
namespace backstop::metrics {

/// Name and help of a family of metrics.
struct MetricName {
  const char* name;
  const char* help;
};
inline constexpr MetricName kBuildInfo{"backstop_build_info", "1, with the version as a label"};
inline constexpr MetricName kActs{"backstop_acts",
                                  "1 when the daemon may act, 0 when it only observes (journal not usable)"};
inline constexpr MetricName kJournalFault{"backstop_journal_fault",
                                          "1 when the journal has this fault, so that the daemon only observes"};
inline constexpr MetricName kConfigRefused{
    "backstop_config_refused",
    "1 when the configuration files had faults at the last reload, so that the old one is in force"};
inline constexpr MetricName kDeadman{"backstop_deadman_ok",
                                     "1 when the last dead-man ping was taken, 0 when none is sent or it was not"};
inline constexpr MetricName kDeadmanPings{"backstop_deadman_pings_total", "dead-man pings, by result"};
inline constexpr MetricName kState{"backstop_deployment_state",
                                   "1 for the phase of the service's newest deployment, 0 for the others"};
inline constexpr MetricName kServiceInfo{"backstop_service_info", "1, with the version that runs and the mode"};
inline constexpr MetricName kDeploymentTime{"backstop_deployment_timestamp_seconds",
                                            "when the service's newest deployment came so far, Unix time"};
inline constexpr MetricName kPlanPhase{"backstop_plan_phase",
                                       "1 for the phase that the plan of the newest deployment stands in"};
inline constexpr MetricName kPlanWaits{"backstop_plan_waits",
                                       "1 when the plan goes on only after a person has said so"};
inline constexpr MetricName kTraffic{
    "backstop_traffic_share_ratio",
    "share of the traffic on the side with the newest version; absent while it is not known"};
inline constexpr MetricName kPending{"backstop_rollback_pending",
                                     "1 when a rollback is decided and is not carried out"};
inline constexpr MetricName kLocked{"backstop_locked",
                                    "1 when the service is LOCKED: nothing happens before a person unlocks it"};
inline constexpr MetricName kHeld{"backstop_held", "1 while a hold keeps the daemon from acting on the service"};
inline constexpr MetricName kBlind{"backstop_rules_blind", "rules that may act and cannot be judged now"};
inline constexpr MetricName kIncidents{"backstop_incidents_open", "incidents that are not resolved"};
inline constexpr MetricName kReviewDue{
    "backstop_review_due_timestamp_seconds",
    "when the next review of an incident is due, Unix time; absent when none is open"};
inline constexpr MetricName kIndicatorInfo{"backstop_indicator_info", "1, with the unit of the indicator"};
inline constexpr MetricName kBaseline{"backstop_baseline",
                                      "what the indicator was before the newest deployment, in its unit"};
inline constexpr MetricName kReading{"backstop_reading",
                                     "newest reading of an indicator, in its unit; absent without data"};
inline constexpr MetricName kThreshold{"backstop_threshold", "edge at which a band begins, in the indicator's unit"};
inline constexpr MetricName kLevel{"backstop_level", "level of a rule after its timers: 0 normal, 1 alert, 2 critical"};
inline constexpr MetricName kEvidence{"backstop_evidence",
                                      "share of its `for` that a rule's condition has held, 0 to 1"};
inline constexpr MetricName kSourceUp{"backstop_source_up",
                                      "1 when the newest scrape of every target of the source worked"};
inline constexpr MetricName kScrape{"backstop_scrape_duration_seconds", "time from request to whole answer"};
inline constexpr MetricName kDropped{"backstop_samples_dropped_total",
                                     "samples that could not be true or were not wanted"};
inline constexpr MetricName kDetected{"backstop_decisions_detected_total", "rollbacks decided, carried out or not"};
inline constexpr MetricName kEnforced{"backstop_decisions_enforced_total", "rollbacks decided and carried out"};
inline constexpr MetricName kRollbacks{"backstop_rollbacks_total", "rollbacks that ended, by result"};
inline constexpr MetricName kDeployments{"backstop_deployments_total", "deployments whose version got the traffic"};
inline constexpr MetricName kFailed{"backstop_deployments_failed_total", "those of them that had to be taken back"};
inline constexpr MetricName kRecovery{"backstop_recovery_seconds",
                                      "from the incident of a failed deployment to the version before being verified"};
inline constexpr MetricName kStep{"backstop_step_duration_seconds", "how long steps took, by result"};
inline constexpr MetricName kNotices{"backstop_notices_total", "notices that reached their end, by result"};
inline constexpr MetricName kWaitingNotices{"backstop_notices_undelivered", "notices in the outbox"};
inline constexpr MetricName kOldestNotice{
    "backstop_notices_oldest_timestamp_seconds",
    "since when the oldest notice to the channel waits, Unix time; absent when none does"};
inline constexpr MetricName kCommit{"backstop_journal_commit_seconds", "how long a commit of the journal took"};
inline constexpr MetricName kLag{"backstop_loop_lag_seconds", "how late the timers of the loop ran"};
inline constexpr MetricName kDetection{"backstop_detection_to_step_seconds",
                                       "from the deciding sample's arrival to the start of the first step"};

} // namespace backstop::metrics
