#include "daemon/report/figures.hpp"
#include "daemon/report/times.hpp"
#include <algorithm>

namespace backstop::report {
namespace {

std::optional<Duration> between(Time from, Time to) {
  if (from == Time{} || to == Time{} || to < from) return {};
  return to - from;
}

std::string counted(std::size_t n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

void judge_rollback(const Story& story, const Figures& f, Judgement& out) {
  if (!story.rollback) return;
  if (f.to_restore)
    out.well.push_back(story.previous + " ran again " + length_of(*f.to_restore) + " after the rollback began" +
                       (story.rollback_by.empty() && story.mode == "auto" ? ", without a person" : "") + ".");
  if (story.outcome == "rolled_back_verified")
    out.well.push_back(story.previous + " was measured after the rollback and was good.");
  if (f.failed == 0 && f.repeated == 0 && f.commands > 0)
    out.well.push_back(counted(f.commands, "command", "commands") +
                       " of the rollback ended well at the first attempt.");
  if (f.failed > 0)
    out.badly.push_back(counted(f.failed, "command", "commands") + " of the rollback did not end well.");
  if (f.to_begin && *f.to_begin > std::chrono::seconds(5))
    out.badly.push_back("Between the decision and the rollback " + length_of(*f.to_begin) + " went by.");
  if (story.outcome == "rollback_failed") out.badly.push_back("The rollback failed: " + story.outcome_why + ".");
}

void judge_people(const Story& story, const Figures& f, Judgement& out) {
  if (story.incidents.empty()) return;
  if (f.to_tell && f.delivered == f.notices)
    out.well.push_back("People were told " +
                       (*f.to_tell < std::chrono::seconds(1) ? "within a second" : "after " + length_of(*f.to_tell)) +
                       "; " + (f.notices == 1 ? "the one notice" : "all " + std::to_string(f.notices) + " notices") +
                       " arrived.");
  if (f.notices == 0) out.badly.emplace_back("Nobody was told: no notice was sent.");
  const std::string of_all = " of " + counted(f.notices, "notice", "notices");
  if (f.lost > 0) out.badly.push_back(std::to_string(f.lost) + of_all + " did not arrive, and were given up.");
  if (const std::size_t waiting = f.notices - f.delivered - f.lost; waiting > 0)
    out.badly.push_back(std::to_string(waiting) + of_all + " had not arrived yet.");
  if (f.to_acknowledge)
    out.well.push_back("A person took the incident after " + length_of(*f.to_acknowledge) + ".");
  else
    out.badly.push_back(story.incidents.front().resolved == Time{}
                            ? "No person has taken the incident so far."
                            : "No person took the incident before it was resolved.");
}

} // namespace

Figures figures_of(const Story& story, const std::vector<Suspect>& suspects) {
  Figures f;
  if (!suspects.empty()) f.first_sign = suspects.front().onset;
  const DecisionState* decision = story.decision();
  const Time decided = decision ? decision->at : Time{};
  const Time restored = story.restored();
  f.to_decide = between(f.first_sign, decided);
  if (story.rollback) {
    f.to_begin = between(decided, story.rollback_began);
    f.to_restore = between(story.rollback_began, restored);
    if (story.outcome == "rolled_back_verified") f.to_verify = between(restored, story.ended);
  }
  f.sign_to_end = between(f.first_sign, restored);
  if (story.rollback) f.exposed = between(story.exposed, restored);
  for (const StepStory& step : story.steps) {
    if (step.procedure != "rollback" || step.purpose != "run") continue;
    ++f.commands;
    if (step.attempt > 1) ++f.repeated;
    if (step.ended != Time{} && !step.good) ++f.failed;
  }
  Time opened{};
  if (!story.incidents.empty()) {
    opened = story.incidents.front().opened;
    f.to_acknowledge = between(opened, story.incidents.front().acknowledged);
  }
  for (const NoticeStory& notice : story.notices) {
    ++f.notices;
    if (!notice.delivered && notice.ended != Time{}) ++f.lost;
    if (!notice.delivered) continue;
    ++f.delivered;
    const std::optional<Duration> took = between(opened, notice.ended);
    if (took && (!f.to_tell || *took < *f.to_tell)) f.to_tell = took;
  }
  return f;
}

Judgement judgement_of(const Story& story, const Courses& courses, const Figures& f) {
  Judgement out;
  if (f.to_decide) out.well.push_back("It was decided " + length_of(*f.to_decide) + " after the first sign.");
  judge_rollback(story, f, out);
  if (story.quarantined != Time{})
    out.well.push_back(story.version + " was quarantined at once, so that it is not deployed again.");
  judge_people(story, f, out);
  if (!story.locked.empty()) out.badly.push_back("The service was locked: " + story.locked + ".");
  if (!story.interruptions.empty()) {
    Duration lasted{};
    for (const WatchInterrupted& w : story.interruptions) lasted += w.lasted;
    out.badly.push_back("Nobody watched for " + length_of(lasted) + " (the daemon or the host was away).");
  }
  for (const Evidence& e : story.frozen.preexisting)
    out.badly.push_back(e.rule + " was critical already before the deployment: " + e.why + ".");
  std::string without;
  for (const FrozenBaseline& b : story.frozen.baselines)
    if (!b.usable && b.why != "zero") without += (without.empty() ? "" : ", ") + b.indicator + " (" + b.why + ")";
  if (!without.empty())
    out.badly.push_back("What is normal was not known of " + without + ": only fixed limits judged it.");
  if (courses.failed > 0)
    out.badly.push_back(counted(courses.failed, "answer", "answers") +
                        " of sources of samples were missing while it was judged.");
  return out;
}

} // namespace backstop::report
