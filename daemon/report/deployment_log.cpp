#include "daemon/report/blocks.hpp"

namespace backstop::report {

Document deployment_log(const Report& r, const LocalTime& local) {
  const Story& s = r.story;
  Document d;
  d.kind = "Deployment log " + s.deployment;
  d.title = "Deployment log - " + s.service + " " + s.version;
  d.status = outcome_words(s.outcome);
  d.tone = tone_of(s);
  Facts head;
  head.facts = {{"Service", s.service},  {"Version", s.version}, {"Before", s.previous.empty() ? "-" : s.previous},
                {"Type", s.kind},        {"Mode", s.mode},       {"Announced", both(s.requested, local)},
                {"Began by", s.began_by}};
  if (s.ended != Time{}) head.facts.emplace_back("Ended", both(s.ended, local));
  if (!s.outcome_why.empty()) head.facts.emplace_back("Why", without_names(s.outcome_why, s));
  if (s.overridden) head.facts.emplace_back("EMERGENCY OVERRIDE", s.overridden_by + ": " + s.overridden->reason);
  for (const IncidentStory& i : s.incidents)
    head.facts.emplace_back("Incident", i.id + ", " + i.severity + ": backstopctl report " + i.id);
  d.sections.push_back({"", {head, about_times(r, local)}});
  d.sections.push_back({"Timeline", {timeline_of(r, local)}});
  d.sections.push_back({"Metrics", measured_of(r)});
  if (!r.courses.courses.empty() && r.courses.missing.empty())
    d.sections.push_back({"How the indicators went", {pictures_of(r)}});
  d.sections.push_back({"Changes deployed", {changes_of(r)}});
  if (std::vector<Block> steps = steps_of(r, "checklist"); !steps.empty())
    d.sections.push_back({"Automatic items of the checklist", std::move(steps)});
  if (std::vector<Block> steps = steps_of(r, "plan"); !steps.empty())
    d.sections.push_back({"What the plan did", std::move(steps)});
  if (std::vector<Block> steps = steps_of(r, "preflight"); !steps.empty())
    d.sections.push_back({"Checked before", std::move(steps)});
  if (std::vector<Block> steps = steps_of(r, "rollback"); !steps.empty())
    d.sections.push_back({"What the rollback did", std::move(steps)});
  if (!s.notices.empty()) d.sections.push_back({"Who was told", {notices_of(r)}});
  d.sections.push_back({"Sign-off", {sign_off(r)}});
  d.sections.push_back({"What this rests on", {sources_of(r)}});
  d.foot = "Made by backstopctl report " + s.deployment + " from the records and samples of backstopd.";
  return d;
}

} // namespace backstop::report
