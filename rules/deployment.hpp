#pragma once
#include "rules/baseline.hpp"
#include "rules/table.hpp"
#include "rules/time.hpp"
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// requested → gated → deploying → watching → succeeded | undecided
///                              ↘ rolling_back → rolled_back_verified | rollback_failed
/// ended from outside: aborted, superseded, refused (a gate said no; nothing was touched).
/// Held, paused, awaiting confirmation and locked are flags beside the phase, never phases.
enum class Phase {
  requested,
  gated, ///< its preflight commands run
  deploying,
  watching,
  rolling_back,
  succeeded,
  undecided,
  rolled_back_verified,
  rollback_failed,
  aborted,
  superseded,
  refused,
};
std::string_view name_of(Phase phase);
std::optional<Phase> phase_named(std::string_view name);
constexpr bool is_final(Phase p) { return p >= Phase::succeeded; }
/// New samples may still change what happens to it.
constexpr bool is_judged(Phase p) { return p == Phase::deploying || p == Phase::watching; }

enum class SignalKind { critical_functionality, data_corruption, security_incident, compliance_violation, user_report };
std::string_view name_of(SignalKind kind);
std::optional<SignalKind> signal_named(std::string_view name);
/// The four that are rollback criteria of their own. A user report is evidence for people.
constexpr bool is_critical(SignalKind kind) { return kind != SignalKind::user_report; }

/// The times that frame a watch.
struct WatchWindow {
  Time begun{};
  Time finished{};     ///< zero: still deploying
  Time watched_from{}; ///< since then without a gap, see DeploymentState; zero: there was none since `finished`
  Duration bake{std::chrono::hours(24)};
  Duration good_after{std::chrono::hours(2)};
  Duration deploy_timeout{std::chrono::minutes(30)};
  Duration warm_up{};
  std::optional<Duration> act_for;
  Mode mode = Mode::automatic; ///< of the service and the deployment, the stricter
  [[nodiscard]] Time bake_end() const { return finished == Time{} ? kNever : std::max(finished + bake, sure_at()); }
  [[nodiscard]] Time good_at() const {
    return finished == Time{} ? kNever : std::max(finished + good_after, sure_at());
  }
  /// Time that nobody watched is no proof: after a gap a version is watched for a while before it counts as good.
  [[nodiscard]] Time sure_at() const {
    return watched_from == Time{} ? Time{} : watched_from + std::min<Duration>(good_after, std::chrono::minutes(10));
  }
  [[nodiscard]] Time armed_at() const { return finished == Time{} ? kNever : finished + warm_up; }
  [[nodiscard]] Time acts_until() const { return act_for && finished != Time{} ? finished + *act_for : kNever; }
};

} // namespace backstop
