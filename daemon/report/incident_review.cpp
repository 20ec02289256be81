#include "daemon/report/blocks.hpp"
#include <cmath>
#include <utility>

namespace backstop::report {
namespace {

const IncidentStory& incident_of(const Report& r) {
  const IncidentStory* found = r.story.incident(r.incident);
  return found ? *found : r.story.incidents.front();
}

/// What happened, in sentences.
std::string summary_of(const Report& r) {
  const Story& s = r.story;
  std::string text = s.version + " of " + s.service;
  text += s.exposed != Time{} ? (s.exposed == s.finished ? " had the traffic from " : " had traffic from ") +
                                    clock_of(s.exposed) + " on."
                              : " was being deployed.";
  if (const DecisionState* d = s.decision()) {
    text += " " + d->made.why + ".";
    if (d->made.status == "enforced") {
      text += " backstopd decided to roll back at " + clock_of(d->at);
      if (r.figures.to_decide) text += ", " + length_of(*r.figures.to_decide) + " after the first sign";
      text += ".";
    } else {
      text += " backstopd did not roll back by itself (" + d->made.status +
              (d->made.because.empty() ? "" : ": " + d->made.because) + ").";
    }
  }
  if (s.rollback && !s.rollback_by.empty()) text += " The rollback was " + s.rollback->cause + ".";
  if (const Time back = s.restored(); back != Time{})
    text += " " + s.previous + " ran again at " + clock_of(back) + ".";
  if (s.outcome == "rolled_back_verified") text += " It was measured and was good at " + clock_of(s.ended) + ".";
  if (s.outcome == "rollback_failed") text += " The rollback failed: " + s.outcome_why + ".";
  if (s.outcome == "undecided" || s.outcome == "aborted") text += " It ended " + s.outcome + ": " + s.outcome_why + ".";
  if (s.outcome.empty()) text += " It is not over yet.";
  for (const Requests& requests : r.courses.requests)
    if (const std::string counted = requests_text(requests); !counted.empty())
      text += " Meanwhile " + counted + " failed, by " + requests.indicator + ".";
  return text;
}

Tiles tiles_of(const Report& r) {
  const Figures& f = r.figures;
  Tiles tiles;
  const auto tile = [&](const std::optional<Duration>& d, const std::string& name, Tone tone = Tone::plain) {
    if (d) tiles.tiles.push_back({length_of(*d), name, tone});
  };
  tile(f.to_decide, "from the first sign to the decision");
  tile(f.to_restore,
       (f.to_decide ? "from there until " : "from the rollback until ") + r.story.previous + " ran again");
  tile(f.to_verify, "to verify that it was good");
  tile(f.exposed, "for which " + r.story.version + " had the traffic", Tone::bad);
  for (const Requests& requests : r.courses.requests) {
    if (requests.all <= 0) continue;
    tiles.tiles.push_back({show(std::floor(requests.bad + 0.5), Unit::count),
                           "of " + show(std::floor(requests.all + 0.5), Unit::count) + " requests failed",
                           requests.bad > 0 ? Tone::bad : Tone::good});
  }
  return tiles;
}

Items to_do(const Report& r, const LocalTime& local) {
  const Story& s = r.story;
  const IncidentStory& incident = incident_of(r);
  Items items;
  if (incident.resolved == Time{} && incident.acknowledged_by.empty())
    items.items.push_back("Nobody is on it yet: backstopctl ack " + incident.id + " --comment ...");
  if (!s.locked.empty() && s.unlocked == Time{})
    items.items.push_back("The service is LOCKED: mend it, then backstopctl unlock " + s.service +
                          " --retry-from STEP or --done-by-hand, with --reason ...");
  if (incident.review_due != Time{} && incident.reviewed == Time{})
    items.items.push_back("Write the root cause and the prevention below, by " + both(incident.review_due, local) +
                          ", or close it with backstopctl incident review " + incident.id + ".");
  if (s.quarantined != Time{})
    items.items.push_back("Deploy a mended version. " + s.version +
                          " itself is refused until a person releases it from quarantine.");
  if (items.items.empty()) items.items.emplace_back("Nothing is left to be done by what was recorded.");
  return items;
}

Block suspects_block(const Report& r) {
  if (r.suspects.empty()) return Paragraph{"No indicator moved away from what it had been.", Tone::plain};
  Table table;
  table.head = {"", "Indicator", "Since (UTC)", "Before", "Worst until the decision", "Level"};
  using Column = Table::Column;
  table.columns = {Column::clock, Column::text, Column::clock, Column::text, Column::text, Column::text};
  std::size_t rank = 0;
  for (const Suspect& s : r.suspects) {
    std::string before = "-";
    if (s.low_before && s.high_before) {
      before = show(*s.low_before, s.unit);
      if (show(*s.high_before, s.unit) != before) before += " to " + show(*s.high_before, s.unit);
    }
    std::string since = clock_of(s.onset);
    if (r.story.exposed != Time{}) since += " (" + offset_of(s.onset - r.story.exposed) + ")";
    table.rows.push_back({{std::to_string(++rank), s.name + (s.decided ? " (decided)" : ""), since, before,
                           s.worst          ? show(*s.worst, s.unit)
                           : s.said.empty() ? "-"
                                            : s.said,
                           s.level.empty() ? "normal" : s.level},
                          s.decided ? Tone::bad : Tone::plain});
  }
  return table;
}

std::string how_suspects_are_found(const Report& r) {
  bool from_records = false;
  for (const Suspect& s : r.suspects) from_records = from_records || s.from_records;
  std::string text =
      "The first to move is where to look first; it need not be the cause. An indicator has moved when its "
      "readings left the range that they had in the half hour before (half that range wider, at least 5 %) "
      "and stayed outside of it until the decision.";
  if (from_records)
    text += " Where no readings are kept, it is since when the rule's condition had held, by the records.";
  return text;
}

Block people_of(const Report& r) {
  Table table;
  table.head = {"UTC", "Who", "What"};
  table.columns = {Table::Column::clock, Table::Column::text, Table::Column::text};
  for (const ActStory& act : r.story.acts) table.rows.push_back({{clock_of(act.at), act.who, act.did}, Tone::plain});
  return table;
}

std::string status_of(const IncidentStory& incident) {
  if (incident.resolved == Time{}) return incident.acknowledged_by.empty() ? "open, nobody is on it" : "open";
  if (incident.reviewed != Time{}) return "resolved, reviewed " + utc(incident.reviewed);
  return "resolved" +
         std::string(incident.review_due != Time{} ? ", to be reviewed by " + utc(incident.review_due) : "");
}

/// What was found, or room to write it down.
std::vector<Block> review_of(const IncidentStory& incident, const LocalTime& local) {
  if (incident.reviewed != Time{})
    return {Facts{{{"Reviewed", both(incident.reviewed, local) + " by " + incident.reviewed_by},
                   {"Root cause", incident.root_cause},
                   {"Prevention", incident.prevention}}}};
  return {Facts{{{"Due", incident.review_due == Time{} ? "no review is asked for" : both(incident.review_due, local)}}},
          Blank{"Root cause: why did it happen, and why was it not found before?", 4},
          Blank{"Prevention: what will be done, by whom, until when?", 4}, Blank{"Reviewed by, on", 1}};
}

} // namespace

Document incident_review(const Report& r, const LocalTime& local) {
  const Story& s = r.story;
  const IncidentStory& incident = incident_of(r);
  Document d;
  d.kind = "Incident review " + incident.id;
  d.title = headline_of(r);
  d.status = status_of(incident);
  d.tone = incident.resolved == Time{} ? Tone::bad : Tone::good;
  d.sections.push_back({"", {Paragraph{summary_of(r), Tone::plain}}});
  if (Tiles tiles = tiles_of(r); !tiles.tiles.empty()) d.sections.back().blocks.emplace_back(std::move(tiles));
  d.sections.back().blocks.emplace_back(about_times(r, local));
  d.sections.push_back({"What a person must do", {to_do(r, local)}});
  d.sections.push_back({"What moved first", {suspects_block(r)}});
  if (!r.suspects.empty()) d.sections.back().blocks.emplace_back(Paragraph{how_suspects_are_found(r), Tone::quiet});
  d.sections.push_back({"How the indicators went", {}});
  if (!r.courses.missing.empty())
    d.sections.back().blocks.emplace_back(
        Paragraph{"There are no pictures: " + r.courses.missing + ". The values below are those of the records."});
  if (!r.courses.courses.empty() && r.courses.missing.empty()) d.sections.back().blocks.emplace_back(pictures_of(r));
  if (const DecisionState* decision = s.decision())
    d.sections.push_back({"Why it was decided",
                          {Paragraph{"At " + clock_of(decision->at) + ": " + decision->made.why + "."},
                           evidence_of(r, decision->made)}});
  d.sections.push_back({"What happened", {timeline_of(r, local)}});
  if (s.rollback) d.sections.push_back({"What the rollback did", steps_of(r, "rollback")});
  d.sections.push_back({"Who was told", {}});
  if (s.notices.empty())
    d.sections.back().blocks.emplace_back(Paragraph{"No notice was sent.", Tone::bad});
  else
    d.sections.back().blocks.emplace_back(notices_of(r));
  if (!s.acts.empty()) d.sections.push_back({"What people did", {people_of(r)}});
  if (!r.judgement.well.empty()) d.sections.push_back({"What went well", {Items{r.judgement.well, Tone::good}}});
  if (!r.judgement.badly.empty()) d.sections.push_back({"What did not", {Items{r.judgement.badly, Tone::bad}}});
  d.sections.push_back({"Review", review_of(incident, local)});
  d.sections.push_back({"What this rests on", {sources_of(r)}});
  d.foot = "Made by backstopctl report " + incident.id + " from the records and samples of backstopd.";
  return d;
}

} // namespace backstop::report
