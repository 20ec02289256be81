#include "daemon/report/confirmation.hpp"
#include "daemon/report/blocks.hpp"

namespace backstop::report {
namespace {

/// What stands in the way of confirming it; empty: nothing.
std::string not_confirmed(const Story& s) {
  if (s.outcome == "succeeded") return "";
  if (s.outcome.empty()) return s.rollback ? "it is being rolled back" : "it is under way";
  return "it ended as " + outcome_words(s.outcome);
}

Items interruptions_of(const Story& s) {
  Items items;
  items.tone = Tone::bad;
  for (const WatchInterrupted& i : s.interruptions)
    items.items.push_back(length_of(i.lasted) + (i.reboot ? ", over a restart of the host" : ""));
  return items;
}

} // namespace

Result<Document> deployment_confirmation(const Report& r, const LocalTime& local) {
  const Story& s = r.story;
  if (!r.incident.empty())
    return fail(Errc::invalid, r.incident + " is an incident; what is confirmed is a deployment, as " + s.deployment);
  if (const std::string why = not_confirmed(s); !why.empty())
    return fail(Errc::refused, s.deployment + " (" + s.service + " " + s.version + ") is not confirmed: " + why);
  Document d;
  d.kind = "Deployment confirmation " + s.deployment;
  d.title = "Deployment confirmation - " + s.service + " " + s.version;
  d.status = outcome_words(s.outcome);
  d.tone = tone_of(s);
  Facts head;
  head.facts = {{"Service", s.service},
                {"Version", s.version},
                {"Before", s.previous.empty() ? "-" : s.previous},
                {"Type", s.kind},
                {"Deployed", both(s.finished, local)},
                {"By", s.began_by},
                {"Confirmed", both(s.ended, local)},
                {"Why", without_names(s.outcome_why, s)}};
  if (s.verified_good != Time{}) head.facts.emplace_back("Counts as good since", both(s.verified_good, local));
  for (const IncidentStory& i : s.incidents)
    head.facts.emplace_back("Incident", i.id + ", " + i.severity + ": backstopctl report " + i.id);
  d.sections.push_back({"", {head, about_times(r, local)}});
  d.sections.push_back({"Deployed", {changes_of(r)}});
  d.sections.push_back({"Verified by", measured_of(r)});
  if (!s.interruptions.empty()) d.sections.push_back({"Not watched for", {interruptions_of(s)}});
  d.sections.push_back({"Sign-off", {sign_off(r)}});
  d.sections.push_back({"What this rests on", {sources_of(r)}});
  d.foot = "Made by backstopctl report " + s.deployment + " --confirmation from the records and samples of backstopd.";
  return d;
}

} // namespace backstop::report
