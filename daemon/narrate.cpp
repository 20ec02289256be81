#include "daemon/narrate.hpp"
#include "daemon/procedures.hpp"
#include "daemon/target_records.hpp"
#include "daemon/words.hpp"
#include "rules/band.hpp"
#include <utility>

namespace backstop {
namespace {

std::string seconds(Duration d) { return show(to_seconds(d), Unit::seconds); }

std::string few(const std::vector<std::string>& words, const char* between = ", ") {
  constexpr std::size_t kFew = 5;
  if (words.size() <= kFew) return join(words, between);
  return join({words.begin(), words.begin() + kFew}, between) + " and " + std::to_string(words.size() - kFew) + " more";
}

std::string step_title(const std::string& procedure, const std::string& path, const std::string& name) {
  if (procedure == kChecklist) return "item " + path;
  const char* of = procedure == kPlan ? "plan step " : procedure == kRollback ? "step " : "preflight of step ";
  return of + path + (name.empty() ? "" : " (" + name + ")");
}

std::string baseline_text(const FrozenBaseline& b) {
  return b.indicator + (b.usable ? " " + show(b.value, unit_named(b.unit)) : " none (" + b.why + ")");
}

/// What is done of it; a preflight says so in its title.
std::string purpose_of(const std::string& procedure, const std::string& purpose) {
  return procedure == kPreflight ? "" : " " + purpose;
}

struct Narrator {
  using N = Narrative;
  N operator()(const DaemonStarted& p) const { return {LogLevel::info, "backstopd " + p.version + " started"}; }
  N operator()(const DaemonStopped&) const { return {LogLevel::info, "backstopd stopped"}; }
  N operator()(const ShutdownAnnounced& p) const {
    return {LogLevel::info, p.coming ? "the host shuts down; no step is started until it is back"
                                     : "the host does not shut down (" + p.why + "); steps are started again"};
  }
  N operator()(const ConfigApplied& p) const { return {LogLevel::info, "configuration applied: " + join(p.services)}; }
  N operator()(const TargetsChanged& p) const {
    std::vector<std::string> joined;
    for (const FoundTarget& target : p.joined) joined.push_back(target_of(target).name());
    return {LogLevel::info, p.service + ": targets of source " + p.source + " changed" +
                                (joined.empty() ? "" : ", joined: " + few(joined)) +
                                (p.left.empty() ? "" : ", left: " + few(p.left))};
  }
  N operator()(const ConfigRefused& p) const {
    return {LogLevel::error, "the new configuration has faults, the old one stays in force: " + join(p.faults)};
  }
  N operator()(const VersionAdopted& p) const {
    return {LogLevel::info, p.service + ": " + p.version + " adopted as good" +
                                (p.side.empty() ? "" : ", on side " + p.side) + ": " + p.reason};
  }
  N operator()(const DeploymentRequested& p) const {
    return {LogLevel::info,
            p.id + ": deployment of " + p.service + " " + p.version + " (" + p.kind + ", mode " + p.mode +
                (p.irreversible ? ", irreversible" : "") + ")" +
                (p.previous.empty() ? ", nothing to go back to" : ", rollback would go to " + p.previous)};
  }
  N operator()(const DeploymentOpened& p) const {
    return {LogLevel::info, p.id + ": " + p.service + " " + p.version + " is requested (" + p.kind + ")"};
  }
  N operator()(const ApprovalGiven& p) const {
    const std::string what = !p.step.empty()    ? "step " + p.step + " of the plan"
                             : !p.items.empty() ? join(p.items)
                                                : "the deployment";
    return {LogLevel::info,
            p.deployment + ": " + p.role + " signed for " + what + (p.comment.empty() ? "" : ": " + p.comment)};
  }
  N operator()(const ApprovalRevoked& p) const {
    return {LogLevel::warning,
            p.deployment + ": " + p.role + " took back " +
                (p.items.empty() ? std::string("the approval") : "what was signed: " + join(p.items)) + ": " +
                p.reason};
  }
  N operator()(const ItemsChecked& p) const {
    std::vector<std::string> failed;
    for (const CheckedItem& item : p.items)
      if (!item.passed) failed.push_back(item.item + ": " + item.why);
    return {LogLevel::info, p.deployment + ": the checklist was looked at" +
                                (failed.empty() ? "" : "; not given: " + join(failed, "; "))};
  }
  N operator()(const GateRefused& p) const {
    return {LogLevel::warning, p.deployment + ": may not begin yet, missing: " + few(p.missing, "; ")};
  }
  N operator()(const GateOverridden& p) const {
    return {LogLevel::error, p.deployment + ": EMERGENCY OVERRIDE of the gates: " + p.reason +
                                 (p.missing.empty() ? "" : "; missing: " + join(p.missing, "; "))};
  }
  N operator()(const BaselineMeasured& p) const {
    std::vector<std::string> measured;
    for (const FrozenBaseline& b : p.baselines) measured.push_back(baseline_text(b));
    return {LogLevel::info, p.deployment + ": step " + p.step + " measured the baseline: " + join(measured)};
  }
  N operator()(const PlanPaused& p) const {
    return {LogLevel::warning,
            p.deployment + ": the plan is paused" + (p.step.empty() ? "" : " at step " + p.step) + ": " + p.why};
  }
  N operator()(const PlanResumed& p) const {
    return {LogLevel::info, p.deployment + ": the plan goes on" + (p.reason.empty() ? "" : ": " + p.reason)};
  }
  N operator()(const StepSkipped& p) const {
    return {LogLevel::warning, p.deployment + ": " + step_title(p.procedure, p.path, p.name) + " " + p.how +
                                   (p.reason.empty() ? "" : ": " + p.reason)};
  }
  N operator()(const DeploymentRefused& p) const { return {LogLevel::warning, p.id + ": refused: " + p.why}; }
  N operator()(const DeploymentBegun& p) const {
    std::vector<std::string> baselines;
    for (const FrozenBaseline& b : p.baselines) baselines.push_back(baseline_text(b));
    std::string text = p.id + ": begun, baselines frozen: " + join(baselines);
    for (const Evidence& e : p.preexisting) text += "; CRITICAL ALREADY BEFORE IT: " + e.rule + " " + e.why;
    return {p.preexisting.empty() ? LogLevel::info : LogLevel::warning, text};
  }
  N operator()(const DeploymentFinished& p) const {
    return {LogLevel::info, p.id + ": the traffic is on the new version, the watch begins"};
  }
  N operator()(const VersionVerifiedGood& p) const {
    return {LogLevel::info, p.id + ": " + p.version + " is verified good"};
  }
  N operator()(const DeploymentEnded& p) const {
    const bool good = p.outcome == "succeeded" || p.outcome == "superseded" || p.outcome == "aborted";
    return {good ? LogLevel::info : LogLevel::warning, p.id + ": " + p.outcome + ": " + p.why};
  }
  N operator()(const LevelChanged& p) const {
    return {p.to == "normal" ? LogLevel::info : LogLevel::warning,
            p.service + ": " + p.evidence.rule + " " + p.from + " -> " + p.to + ": " + p.evidence.why};
  }
  N operator()(const DecisionMade& p) const {
    return {p.decision == "RollBack" ? LogLevel::error : LogLevel::info,
            p.deployment + ": " + p.decision + " (" + p.status + (p.because.empty() ? "" : ": " + p.because) +
                "): " + p.why};
  }
  N operator()(const ConfirmationAsked& p) const {
    return {LogLevel::warning,
            p.deployment + ": roll back? backstopctl confirm|decline " + p.deployment + ": " + p.why};
  }
  N operator()(const ConfirmationAnswered& p) const {
    return {LogLevel::warning, p.deployment + ": rollback " + p.answer + ": " + p.reason};
  }
  N operator()(const IncidentOpened& p) const {
    return {LogLevel::error, p.id + " opened (" + p.severity + "): " + p.title};
  }
  N operator()(const IncidentEscalated& p) const {
    return {LogLevel::error, p.id + " is now " + p.severity + ": " + p.title};
  }
  N operator()(const IncidentAcknowledged& p) const { return {LogLevel::info, p.id + " acknowledged: " + p.comment}; }
  N operator()(const IncidentResolved& p) const { return {LogLevel::info, p.id + " resolved: " + p.how}; }
  N operator()(const ReviewClosed& p) const {
    return {LogLevel::info, p.incident + " reviewed; root cause: " + p.root_cause + "; prevention: " + p.prevention};
  }
  N operator()(const ReviewOpened& p) const { return {LogLevel::info, p.incident + ": a review is due"}; }
  N operator()(const RollbackStarted& p) const {
    return {LogLevel::error, p.deployment +
                                 (p.untouched ? ": the plan is taken back, the service was not touched"
                                              : ": rolling back " + p.from_version + " to " + p.to_version) +
                                 ": " + p.cause};
  }
  N operator()(const StepIntended& p) const {
    return {LogLevel::info, p.deployment + ": " + step_title(p.procedure, p.path, p.name) +
                                purpose_of(p.procedure, p.purpose) +
                                (p.attempt > 1 ? ", attempt " + std::to_string(p.attempt) : "") +
                                (p.argv.empty() ? "" : ": " + p.argv.front())};
  }
  N operator()(const StepEnded& p) const {
    const bool ok = attempt_end(p) == AttemptEnd::succeeded;
    return {ok ? LogLevel::info : LogLevel::warning, p.deployment + ": " + step_title(p.procedure, p.path, p.name) +
                                                         purpose_of(p.procedure, p.purpose) + ": " + describe(p) +
                                                         (p.took > Duration{} ? ", took " + seconds(p.took) : "")};
  }
  N operator()(const WatchInterrupted& p) const {
    return {LogLevel::warning,
            p.deployment + ": " +
                (p.reboot ? "the host was rebooted"
                          : "nobody watched for " + seconds(p.lasted) + " (backstopd or the host stood still)") +
                "; it is watched for a while before it counts as good"};
  }
  N operator()(const StepHeldBack& p) const {
    return {LogLevel::warning, p.deployment + ": " + step_title(p.procedure, p.path, p.name) +
                                   " is held back: the host shuts down; it is started after the boot"};
  }
  N operator()(const ProcedureEnded& p) const {
    return {p.succeeded ? LogLevel::info : LogLevel::error,
            p.deployment + ": " + p.procedure + (p.succeeded ? " done" : " FAILED") + ": " + p.why};
  }
  N operator()(const ProcedureRetried& p) const {
    return {LogLevel::warning, p.deployment + ": " + p.procedure + " goes on from step " + p.from_step};
  }
  N operator()(const HoldSet& p) const {
    return {LogLevel::warning, (p.service == "*" ? "all services" : p.service) + " held: " + p.reason};
  }
  N operator()(const HoldEnded& p) const {
    return {LogLevel::info, (p.service == "*" ? "all services" : p.service) + ": hold " + p.how};
  }
  N operator()(const SignalRaised& p) const {
    return {LogLevel::warning, p.service + ": signal " + p.kind + ": " + p.evidence};
  }
  N operator()(const ServiceLocked& p) const { return {LogLevel::error, p.service + " is LOCKED: " + p.why}; }
  N operator()(const ServiceUnlocked& p) const {
    return {LogLevel::warning, p.service + " unlocked (" + p.how + "): " + p.reason};
  }
  N operator()(const VersionQuarantined& p) const {
    return {LogLevel::warning, p.service + ": " + p.version + " is quarantined: " + p.why};
  }
  N operator()(const QuarantineReleased& p) const {
    return {LogLevel::info, p.service + ": " + p.version + " released from quarantine: " + p.reason};
  }
  N operator()(const GameDayHeld& p) const {
    return {p.works ? LogLevel::info : LogLevel::warning, p.service + ": game day: a rollback of " + p.version +
                                                              " to " + (p.target.empty() ? "nothing" : p.target) +
                                                              (p.works ? " would work" : " would NOT work: " + p.why)};
  }
  N operator()(const ChannelTested& p) const {
    return {p.taken ? LogLevel::info : LogLevel::warning,
            "channel " + p.channel + (p.taken ? " took a test: " : " did NOT take a test: ") + p.answer};
  }
  N operator()(const StateSummed& p) const {
    return {LogLevel::debug,
            "what is known of " + std::to_string(p.services.size()) + " services is written down anew"};
  }
  N operator()(const JournalCompacted& p) const {
    return {LogLevel::info, std::to_string(p.records) + " records are older than journal.keep, and are removed"};
  }
  N operator()(const NoticeQueued& p) const { return {LogLevel::debug, "notice " + p.key + " queued: " + p.title}; }
  N operator()(const NoticeEnded& p) const {
    return p.delivered ? N{LogLevel::info, "notice " + p.key + " delivered, attempt " + std::to_string(p.attempts)}
                       : N{LogLevel::error, "notice " + p.key + " given up: " + p.error};
  }
};

} // namespace

Narrative narrate(const Payload& payload) { return std::visit(Narrator{}, payload); }

} // namespace backstop
