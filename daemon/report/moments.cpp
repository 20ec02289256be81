#include "daemon/narrate.hpp"
#include "daemon/report/story.hpp"
#include "daemon/report/times.hpp"
#include <map>
#include <utility>

namespace backstop::report {
namespace {

using Tone = Moment::Tone;
using Words = std::optional<std::pair<std::string, Tone>>;

std::string quoted(const std::string& said) { return said.empty() ? "" : ": " + said; }

/// Only what is told otherwise than by narrate().
struct Teller {
  const Story& s;

  Words operator()(const DeploymentRequested& p) const {
    return said("deployment of " + p.version + " announced (" + p.kind + ", mode " + p.mode + ")");
  }
  Words operator()(const DeploymentBegun& p) const {
    if (p.preexisting.empty()) return said("it begins; what is normal is noted");
    std::string text = "it begins; critical already before it:";
    for (const Evidence& e : p.preexisting) text += " " + e.rule + " (" + e.why + ")";
    return bad(text);
  }
  Words operator()(const DeploymentFinished&) const {
    const bool by_plan = s.exposed != s.finished; // the story took it already
    return said(by_plan ? "every step of the plan is done; it is watched on"
                        : s.version + " has the traffic; the watch begins");
  }
  Words operator()(const VersionVerifiedGood& p) const { return good(p.version + " counts as good"); }
  Words operator()(const DeploymentEnded& p) const {
    const bool well = p.outcome == "succeeded" || p.outcome == "rolled_back_verified";
    const std::string why = p.outcome == "rolled_back_verified" ? "" : quoted(without_names(p.why, s));
    return Words({"the deployment ends: " + outcome_words(p.outcome) + why, well ? Tone::good : Tone::bad});
  }
  Words operator()(const LevelChanged& p) const {
    const std::string text = p.evidence.rule + " becomes " + p.to + " (was " + p.from + ")" + quoted(p.evidence.why);
    return p.to == "normal" ? good(text) : bad(text);
  }
  Words operator()(const DecisionMade& p) const {
    if (p.decision != "RollBack") return said("decided: no rollback" + quoted(p.why));
    const std::string because = p.because.empty() ? "" : " (" + p.because + ")";
    const std::map<std::string, std::string> how = {
        {"enforced", "decided to roll back"},           {"observed", "would roll back, and only watches"},
        {"held", "would roll back, and is on hold"},    {"awaiting_confirmation", "asks a person whether to roll back"},
        {"waiting", "decided to roll back, and waits"}, {"blocked", "would roll back, and cannot"}};
    const auto known = how.find(p.status);
    return bad((known == how.end() ? "RollBack, " + p.status : known->second) + because + quoted(p.why));
  }
  Words operator()(const ConfirmationAsked&) const { return said("waits for a person's yes or no"); }
  Words operator()(const ConfirmationAnswered& p) const {
    return said((p.answer == "confirmed"  ? "a person says yes to the rollback"
                 : p.answer == "declined" ? "a person says no to the rollback"
                                          : "nobody answered in time") +
                quoted(p.reason));
  }
  Words operator()(const IncidentOpened& p) const { return bad("incident " + p.id + " opened, " + p.severity); }
  Words operator()(const IncidentEscalated& p) const {
    return bad("incident " + p.id + " is now " + p.severity + quoted(without_names(p.title, s)));
  }
  Words operator()(const IncidentAcknowledged& p) const {
    return said("incident " + p.id + " acknowledged" + quoted(p.comment));
  }
  Words operator()(const IncidentResolved& p) const { return good("incident " + p.id + " resolved"); }
  Words operator()(const ReviewOpened& p) const { return said("a review is due by " + utc(p.due)); }
  Words operator()(const ReviewClosed& p) const { return good("the review of " + p.incident + " is done"); }
  Words operator()(const VersionQuarantined& p) const {
    return said(p.version + " is quarantined: nobody can deploy it again by mistake");
  }
  Words operator()(const RollbackStarted& p) const {
    const bool ordered = p.cause.rfind("ordered by", 0) == 0; // else the decision has told why
    return said("the rollback to " + p.to_version + " begins" + (ordered ? ", " + p.cause : ""));
  }
  Words operator()(const ProcedureEnded& p) const {
    if (p.procedure != "rollback") return {};
    return p.succeeded ? good("the rollback is done") : bad("the rollback FAILED" + quoted(p.why));
  }
  Words operator()(const SignalRaised& p) const { return bad("reported: " + p.kind + quoted(p.evidence)); }
  Words operator()(const StepIntended&) const { return {}; } // told of their ends
  Words operator()(const StepEnded&) const { return {}; }
  Words operator()(const NoticeQueued&) const { return {}; }
  Words operator()(const NoticeEnded& p) const {
    const std::string channel = p.key.substr(p.key.rfind('/') + 1);
    if (p.delivered)
      return said(channel + " was told" +
                  (p.attempts > 1 ? ", at attempt " + std::to_string(p.attempts) : std::string()));
    return bad(channel + " could NOT be told" + quoted(p.error));
  }
  template <class P> Words operator()(const P& p) const {
    const Narrative told = narrate(Payload(p));
    return Words({without_names(told.text, s), told.level == LogLevel::error ? Tone::bad : Tone::plain});
  }

  static Words said(std::string text) { return Words({std::move(text), Tone::plain}); }
  static Words good(std::string text) { return Words({std::move(text), Tone::good}); }
  static Words bad(std::string text) { return Words({std::move(text), Tone::bad}); }
};

/// "step 3, execute".
std::string title_of(const StepStory& step) {
  return (step.procedure == "plan" ? "plan step " : "step ") + step.path +
         (step.name.empty() || step.name == step.purpose ? "" : ", " + step.name);
}

} // namespace

std::optional<Moment> moment_of(const Record& record, const Payload& payload, const Story& so_far) {
  Words words = std::visit(Teller{so_far}, payload);
  if (!words) return {};
  const std::string who = person_of(record.actor);
  return Moment{record.time, who, std::move(words->first), words->second};
}

Moment moment_of(const StepStory& step) {
  Moment moment;
  moment.at = step.ended == Time{} ? step.began : step.ended;
  moment.tone = step.good || step.ended == Time{} ? Tone::plain : Tone::bad;
  if (step.procedure == "checklist")
    moment.text = "looked at item " + step.path + " of the checklist";
  else if (step.procedure == "preflight" && step.path == "traffic")
    moment.text = "checked that all traffic is where it should be";
  else if (step.procedure == "preflight")
    moment.text = "checked that the rollback could run (" + title_of(step) + ")";
  else if (step.purpose == "version")
    moment.text = "asked which version runs";
  else if (step.purpose == "check")
    moment.text = title_of(step) + ": asked whether it is done already";
  else
    moment.text = title_of(step);
  if (step.attempt > 1) moment.text += ", attempt " + std::to_string(step.attempt);
  if (step.ended == Time{}) {
    moment.text += ": begun, no end is recorded";
  } else if (step.good && step.purpose == "version" && !step.output.empty()) {
    moment.text += ": " + step.output.substr(0, step.output.find('\n'));
  } else if (step.good) {
    const bool told = step.purpose == "watch" || step.purpose == "bake" || step.purpose == "approve";
    moment.text += told ? ": " + step.how : ": done in " + length_of(step.took);
  } else {
    moment.text += ": " + step.how + " after " + length_of(step.took);
  }
  return moment;
}

std::string without_names(std::string text, const Story& story) {
  for (bool cut = true; cut;) {
    cut = false;
    for (const std::string& name : {story.deployment, story.service}) {
      if (name.empty() || text.rfind(name + ": ", 0) != 0) continue;
      text.erase(0, name.size() + 2);
      cut = true;
    }
  }
  return text;
}

std::string outcome_words(const std::string& outcome) {
  static const std::map<std::string, std::string> kWords = {
      {"succeeded", "kept"},
      {"undecided", "undecided, a person must look"},
      {"rolled_back_verified", "rolled back, and verified"},
      {"rollback_failed", "THE ROLLBACK FAILED"},
      {"aborted", "aborted"},
      {"superseded", "superseded by a later one"},
      {"refused", "refused"},
  };
  if (outcome.empty()) return "under way";
  const auto known = kWords.find(outcome);
  return known == kWords.end() ? outcome : known->second;
}

std::string person_of(const std::string& actor) {
  if (actor == "backstopd") return {};
  const std::size_t open = actor.find('('), close = actor.rfind(')');
  if (actor.rfind("uid:", 0) != 0 || open == std::string::npos || close == std::string::npos || close <= open + 1)
    return actor;
  return actor.substr(open + 1, close - open - 1);
}

} // namespace backstop::report
