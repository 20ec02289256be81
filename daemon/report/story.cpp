#include "daemon/report/story.hpp"
#include "daemon/procedures.hpp"
#include <algorithm>
#include <map>
#include <utility>

namespace backstop::report {
namespace {

struct Collector {
  std::string id;
  Story story;
  struct Placed {
    std::uint64_t seq;
    Moment moment;
  };
  std::vector<Placed> told;
  std::map<std::size_t, std::uint64_t> step_seq; ///< of its last record, by index
  std::map<std::string, std::size_t> notices;    ///< index by key
  const Record* record = nullptr;

  Status take(const Record& r) {
    const Result<Payload> payload = decode(r);
    if (!payload) return payload.error().in("record " + std::to_string(r.seq));
    record = &r;
    if (story.records++ == 0) story.first_record = r.seq;
    story.last_record = r.seq;
    story.last_time = r.time;
    std::visit(*this, *payload);
    if (story.requested == Time{}) return {}; // what was before it is only of use to a replay
    if (std::optional<Moment> moment = moment_of(r, *payload, story)) told.push_back({r.seq, *std::move(moment)});
    note_person(*payload);
    return {};
  }

  Result<Story> end() {
    if (story.requested == Time{}) return fail(Errc::invalid, id + ": its records do not tell how it began");
    for (std::size_t i = 0; i < story.steps.size(); ++i)
      if (story.steps[i].purpose != "notify" && story.steps[i].purpose != "review")
        told.push_back({step_seq[i], moment_of(story.steps[i])});
    std::stable_sort(told.begin(), told.end(), [](const Placed& a, const Placed& b) {
      return std::pair(a.moment.at, a.seq) < std::pair(b.moment.at, b.seq);
    });
    for (Placed& placed : told) story.timeline.push_back(std::move(placed.moment));
    return std::move(story);
  }

  void note_person(const Payload& payload) {
    const std::string who = person_of(record->actor);
    if (who.empty()) return;
    // What follows from a command by itself has the person's name too. Signatures that count are told as approvals.
    for (const char* type : {DaemonStarted::kType, DaemonStopped::kType, DecisionMade::kType, IncidentOpened::kType,
                             VersionQuarantined::kType, ItemsChecked::kType, GateRefused::kType, ApprovalGiven::kType})
      if (type_of(payload) == type) return;
    if (told.empty() || told.back().seq != record->seq) return;
    story.acts.push_back({record->time, record->actor, told.back().moment.text});
  }

  IncidentStory* incident(const std::string& name) {
    for (IncidentStory& i : story.incidents)
      if (i.id == name) return &i;
    return nullptr;
  }

  void operator()(const DaemonStarted& p) { story.daemon_version = p.version; }
  template <class P> void take_request(const P& p) {
    if (p.id != id) return;
    story.deployment = p.id, story.service = p.service, story.version = p.version, story.previous = p.previous;
    story.kind = p.kind, story.mode = p.mode, story.components = p.components, story.irreversible = p.irreversible;
    story.config_hash = p.config_hash, story.config_text = p.config_text;
    story.began_by = record->actor;
    if (story.requested == Time{}) story.requested = record->time;
  }
  void operator()(const DeploymentOpened& p) { take_request(p); }
  void operator()(const DeploymentRequested& p) { take_request(p); }
  void operator()(const ApprovalGiven& p) {
    if (!p.items.empty()) return;
    if (p.step.empty()) std::erase_if(story.approvals, [&](const ApprovalStory& a) { return a.role == p.role; });
    story.approvals.push_back({p.role, record->actor, p.comment, record->time});
  }
  void operator()(const ApprovalRevoked& p) {
    std::erase_if(story.approvals, [&](const ApprovalStory& a) { return a.role == p.role; });
  }
  void operator()(const GateOverridden& p) { story.overridden = p, story.overridden_by = record->actor; }
  void operator()(const DeploymentRefused& p) { end_as("refused", p.why); }
  void operator()(const DeploymentBegun& p) { story.begun = record->time, story.frozen = p; }
  void operator()(const DeploymentFinished&) {
    story.finished = record->time;
    if (story.exposed == Time{}) story.exposed = record->time;
  }
  void operator()(const VersionVerifiedGood&) { story.verified_good = record->time; }
  void operator()(const DeploymentEnded& p) { end_as(p.outcome, p.why); }
  void end_as(const std::string& outcome, const std::string& why) {
    story.ended = record->time, story.outcome = outcome, story.outcome_why = why;
  }
  void operator()(const LevelChanged& p) { story.levels.push_back({record->time, p}); }
  void operator()(const DecisionMade& p) { story.decisions.push_back({record->time, p}); }
  void operator()(const SignalRaised& p) { story.signals.push_back({record->time, record->actor, p.kind, p.evidence}); }
  void operator()(const IncidentOpened& p) {
    story.incidents.push_back({p.id, p.severity, p.title, record->time, {}, "", "", "", {}, {}, {}});
  }
  void operator()(const IncidentEscalated& p) {
    if (IncidentStory* i = incident(p.id)) i->severity = p.severity, i->title = p.title;
  }
  void operator()(const IncidentAcknowledged& p) {
    IncidentStory* i = incident(p.id);
    if (!i || !i->acknowledged_by.empty()) return; // the first one counts
    i->acknowledged_by = record->actor, i->comment = p.comment, i->acknowledged = record->time;
  }
  void operator()(const IncidentResolved& p) {
    if (IncidentStory* i = incident(p.id)) i->resolved = record->time, i->how_resolved = p.how;
  }
  void operator()(const ReviewOpened& p) {
    if (IncidentStory* i = incident(p.incident)) i->review_due = p.due;
  }
  void operator()(const ReviewClosed& p) {
    if (IncidentStory* i = incident(p.incident))
      i->reviewed = record->time, i->reviewed_by = person_of(record->actor), i->root_cause = p.root_cause,
      i->prevention = p.prevention;
  }
  void operator()(const RollbackStarted& p) {
    story.rollback = p;
    // What was watched is not watched to its end: no record says so of the step itself.
    for (StepStory& step : story.steps)
      if (step.procedure == kPlan && step.purpose == "bake" && step.ended == Time{}) {
        step.ended = record->time, step.took = record->time - step.began, step.how = "ended by the rollback";
      }
    story.rollback_began = record->time;
    story.rollback_by = person_of(record->actor);
    story.procedure_ended.reset();
    reopen();
  }
  void operator()(const ProcedureRetried&) { reopen(); }
  void reopen() { story.ended = Time{}, story.outcome.clear(), story.outcome_why.clear(); }
  void operator()(const ProcedureEnded& p) {
    if (p.procedure == "rollback") story.procedure_ended = p;
  }
  void operator()(const StepIntended& p) {
    StepStory step;
    step.procedure = p.procedure, step.path = p.path, step.name = p.name, step.purpose = p.purpose;
    step.attempt = p.attempt, step.argv = p.argv, step.began = record->time;
    if (p.procedure == kPlan && p.purpose == "bake" && story.exposed == Time{}) story.exposed = record->time;
    step_seq[story.steps.size()] = record->seq;
    story.steps.push_back(std::move(step));
  }
  void operator()(const StepEnded& p) {
    for (std::size_t i = story.steps.size(); i-- > 0;) {
      StepStory& step = story.steps[i];
      if (step.ended != Time{} || step.procedure != p.procedure || step.path != p.path || step.purpose != p.purpose ||
          step.attempt != p.attempt)
        continue;
      step.ended = record->time, step.took = p.took, step.output = p.output, step.output_cut = p.output_cut;
      step.good = attempt_end(p) == AttemptEnd::succeeded;
      step.how = describe(p);
      step_seq[i] = record->seq;
      return;
    }
  }
  void operator()(const NoticeQueued& p) {
    notices[p.key] = story.notices.size();
    story.notices.push_back({p.channel, p.severity, p.title, record->time, {}, false, 0, ""});
  }
  void operator()(const NoticeEnded& p) {
    const auto at = notices.find(p.key);
    if (at == notices.end()) return;
    NoticeStory& notice = story.notices[at->second];
    notice.ended = record->time, notice.delivered = p.delivered, notice.attempts = p.attempts, notice.error = p.error;
  }
  void operator()(const VersionQuarantined&) { story.quarantined = record->time; }
  void operator()(const ServiceLocked& p) { story.locked = p.why, story.unlocked = Time{}; }
  void operator()(const ServiceUnlocked&) { story.unlocked = record->time; }
  void operator()(const WatchInterrupted& p) { story.interruptions.push_back(p); }
  template <class P> void operator()(const P&) {}
};

} // namespace

const IncidentStory* Story::incident(const std::string& id) const {
  for (const IncidentStory& i : incidents)
    if (i.id == id) return &i;
  return nullptr;
}

const DecisionState* Story::decision() const {
  const DecisionState* found = nullptr;
  for (const DecisionState& d : decisions) {
    if (d.made.decision != "RollBack") continue;
    if (!found || d.made.status == "enforced" || found->made.status != "enforced") found = &d;
  }
  return found;
}

Time Story::restored() const {
  Time at{};
  for (const StepStory& step : steps) {
    if (step.procedure != "rollback" || step.began < rollback_began) continue;
    if (step.purpose == "watch") return at;
    if (step.purpose == "run" && step.good) at = step.ended;
  }
  return procedure_ended && procedure_ended->succeeded ? at : Time{};
}

Time looked_at_until(const Story& story) {
  if (const DecisionState* decision = story.decision()) return decision->at;
  for (const LevelStory& l : story.levels)
    if (l.change.to != "normal") return l.recorded;
  return story.ended == Time{} ? kNever : story.ended;
}

Result<Story> story_of(const std::string& deployment, std::span<const Record> records) {
  Collector collector;
  collector.id = deployment;
  for (const Record& record : records)
    if (Status taken = collector.take(record); !taken) return taken.error().in(deployment);
  return collector.end();
}

} // namespace backstop::report
