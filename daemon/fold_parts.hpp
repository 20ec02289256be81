#pragma once
#include "daemon/fold.hpp"
#include "daemon/procedures.hpp"
#include <map>
#include <string>
#include <vector>

/// The parts of the fold, each in a file of its own: what records of one kind do to the State. One overload a payload: a new
/// record type that none of them applies does not compile (fold.cpp).
namespace backstop {

/// What all parts need: the state, and the record that is applied.
struct FoldBase {
  State& s;
  const Record& r;
  const ReadFrozen& read_frozen;

  DeploymentState* find(const std::string& id) const;
  ServiceState& service(const std::string& key) const;
  void mark_good(ServiceState& state, const std::string& version, std::string why) const;
  void enter(DeploymentState& d, Phase phase) const;
  void leave(DeploymentState& d, Phase phase, const std::string& why) const;
  /// Of very many deployments the oldest that ended is forgotten.
  void trim() const;
  DeploymentState& enter_new(DeploymentState d) const;
  /// What a request of either kind says.
  template <class P> void take(DeploymentState& d, const P& p) const {
    d.id = p.id;
    d.service = p.service;
    d.version = p.version;
    d.previous = p.previous;
    d.kind = p.kind;
    d.components = p.components;
    d.irreversible = p.irreversible;
    d.mode = p.mode == "observe" ? Mode::observe : p.mode == "confirm" ? Mode::confirm : Mode::automatic;
    d.config_hash = p.config_hash;
    if (Result<config::Service> frozen = read_frozen(p.config_text, p.service))
      d.config = std::make_shared<const config::Service>(*std::move(frozen));
  }
};

/// Requests and their gates, up to the begin.
struct FoldRequests : FoldBase {
  /// Attempts are part of the keys of steps: never counted back.
  static StepProgress look_anew(const std::map<std::string, StepProgress>& before, const std::string& path);
  void operator()(const DeploymentOpened& p) const;
  void operator()(const DeploymentRequested& p) const;
  void operator()(const ApprovalGiven& p) const;
  void operator()(const ApprovalRevoked& p) const;
  void operator()(const ItemsChecked& p) const;
  void operator()(const GateRefused& p) const;
  void operator()(const GateOverridden& p) const;
  void operator()(const DeploymentRefused& p) const;
};

/// Plans and rollbacks, step by step.
struct FoldProcedures : FoldRequests {
  using FoldRequests::operator();
  /// What stood at a step of the plan goes on; what was asked and decided because of it is over.
  static void goes_on(DeploymentState& d);
  /// What of a plan waited is over; what a process does is waited for.
  void cut_off(RolloutState& rollout) const;
  StepProgress* progress(DeploymentState& d, const std::string& procedure, const std::string& path,
                         const StepPlan** plan) const;
  void traffic_intended(DeploymentState& d, const StepIntended& p) const;
  /// It goes where the step wanted it.
  void traffic_moved(DeploymentState& d) const;
  /// The steps of a plan that failed are begun anew, and what stood at them goes on.
  void retry_plan(DeploymentState& d, const std::string& from) const;
  void operator()(const BaselineMeasured& p) const;
  void operator()(const PlanPaused& p) const;
  void operator()(const PlanResumed& p) const;
  void operator()(const StepSkipped& p) const;
  void operator()(const StepHeldBack& p) const;
  void operator()(const RollbackStarted& p) const;
  void operator()(const StepIntended& p) const;
  void operator()(const StepEnded& p) const;
  void operator()(const ProcedureEnded& p) const;
  void operator()(const ProcedureRetried& p) const;
};

/// Incidents, their reviews, and the notices that tell of them.
struct FoldIncidents : FoldProcedures {
  using FoldProcedures::operator();
  /// What an incident is told by from now on, where it has to be told again.
  void keep_alarm(const NoticeQueued& notice) const;
  void operator()(const IncidentOpened& p) const;
  void operator()(const IncidentEscalated& p) const;
  void operator()(const IncidentAcknowledged& p) const;
  void operator()(const IncidentResolved& p) const;
  void operator()(const ReviewOpened& p) const;
  void operator()(const ReviewClosed& p) const;
  void operator()(const NoticeQueued& p) const;
  void operator()(const NoticeEnded& p) const;
};

} // namespace backstop
