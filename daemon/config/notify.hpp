#pragma once
#include "rules/time.hpp"
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

inline constexpr std::array<std::string_view, 3> kSeverities{"info", "alert", "critical"};
inline constexpr std::array<std::string_view, 3> kDeploymentKinds{"feature", "hotfix", "maintenance"};
/// What there are notices of: Announcement::event up to its first point.
inline constexpr std::array<std::string_view, 26> kNoticeEvents{"requested",
                                                                "approved",
                                                                "overridden",
                                                                "plan",
                                                                "paused",
                                                                "approval_asked",
                                                                "deployed",
                                                                "rollback_started",
                                                                "rolled_back",
                                                                "rollback_failed",
                                                                "unlocked",
                                                                "decision",
                                                                "confirmation_timed_out",
                                                                "undecided",
                                                                "kept",
                                                                "aborted",
                                                                "superseded",
                                                                "gone",
                                                                "refused",
                                                                "unwatched",
                                                                "acknowledged",
                                                                "escalated",
                                                                "repeat",
                                                                "review_due",
                                                                "review_overdue",
                                                                "config_refused"};
/// What may stand in braces in a text; {title} is what would be said without it.
inline constexpr std::array<std::string_view, 9> kNoticeNames{
    "title", "severity", "service", "environment", "version", "previous_version", "deployment", "incident", "event"};

/// Who hears of what. Each list that is empty takes anything.
struct Route {
  std::vector<std::string> severities;   ///< info, alert, critical
  std::vector<std::string> services;     ///< names, "shop" or "shop/production"; "*" at the end stands for any rest
  std::vector<std::string> environments; ///< names
  std::vector<std::string> deployments;  ///< kinds: feature, hotfix, maintenance
  std::vector<std::string> to;           ///< channels and roles; empty: nobody
};

/// Who hears of an incident that nobody acknowledged.
struct Escalation {
  Duration after{}; ///< of its opening
  std::vector<std::string> to;
};

/// Who is told, when, and in which words.
struct Notify {
  std::map<std::string, std::vector<std::string>> roles; ///< name of a role → channels
  std::vector<Route> routes; ///< each one that fits tells its own; what fits none goes to every channel
  Duration group_wait{};     ///< what is not critical waits for more about the same; zero: not at all
  Duration repeat_interval{
      std::chrono::hours(4)}; ///< an open incident that nobody acknowledged is told again; zero: never
  std::vector<Escalation> escalate;
  std::map<std::string, std::string> texts; ///< by event: the first line, with {names} in it
};

} // namespace backstop::config
