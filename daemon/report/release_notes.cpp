#include "daemon/report/release_notes.hpp"
#include "daemon/report/blocks.hpp"

namespace backstop::report {
namespace {

/// What was told, or else that nothing was.
Section listed(const char* heading, const std::vector<std::string>& items, const Changes& changes) {
  if (!items.empty()) return {heading, {Items{items, Tone::plain}}};
  return {heading,
          {Paragraph{changes.sources.empty() ? "Not known: nobody told what changed." : "None named.", Tone::quiet}}};
}

Section or_blank(const char* heading, const std::vector<std::string>& items, const char* prompt) {
  if (!items.empty()) return {heading, {Items{items, Tone::plain}}};
  return {heading, {Blank{prompt, 2}}};
}

Facts head_of(const Report& r, const LocalTime& local) {
  const Story& s = r.story;
  Facts facts;
  facts.facts = {{"Service", s.service},
                 {"Version", s.version},
                 {"Before", s.previous.empty() ? "-" : s.previous},
                 {"Deployed", s.exposed == Time{}    ? "not: it never had the traffic"
                              : s.finished == Time{} ? "not: it was taken back before its plan was done"
                                                     : both(s.finished, local)},
                 {"By", s.began_by}};
  if (s.ended != Time{}) facts.facts.emplace_back("Outcome", outcome_words(s.outcome) + ", " + both(s.ended, local));
  return facts;
}

Facts origins_of(const Report& r, const Changes& changes) {
  Facts facts = sources_of(r);
  for (const std::string& source : changes.sources) facts.facts.emplace_back("Changes", source);
  if (changes.sources.empty()) facts.facts.emplace_back("Changes", "not told");
  if (changes.inner != 0)
    facts.facts.emplace_back(
        "Not listed", std::to_string(changes.inner) + (changes.inner == 1 ? " commit" : " commits") +
                          " of kinds that change nothing for users (build, chore, ci, docs, refactor, style, test)");
  return facts;
}

} // namespace

Document release_notes(const Report& r, const Changes& changes, const LocalTime& local) {
  const Story& s = r.story;
  const Time out = s.exposed != Time{} ? s.exposed : s.requested;
  Document d;
  d.kind = "Release notes of " + s.service;
  d.title = "Release " + s.version + " - " + day_of(out);
  d.status = outcome_words(s.outcome);
  d.tone = tone_of(s);
  d.sections.push_back({"", {head_of(r, local)}});
  d.sections.push_back(listed("New Features", changes.features, changes));
  d.sections.push_back(listed("Bug Fixes", changes.fixes, changes));
  d.sections.push_back(listed("Breaking Changes", changes.breaking, changes));
  d.sections.push_back(listed("Deprecations", changes.deprecations, changes));
  d.sections.push_back(listed("Performance Improvements", changes.performance, changes));
  d.sections.push_back(listed("Dependencies", changes.dependencies, changes));
  if (!changes.security.empty()) d.sections.push_back(listed("Security", changes.security, changes));
  if (!changes.other.empty()) d.sections.push_back(listed("Other Changes", changes.other, changes));
  d.sections.push_back(or_blank("Migration Guide", changes.migration, "Step by step, for users"));
  d.sections.push_back(or_blank("Known Issues", changes.known_issues, "Known issues, and the way around each"));
  d.sections.push_back({"Measured in Production", measured_of(r)});
  d.sections.push_back(or_blank("Support", changes.support, "Whom to ask"));
  d.sections.push_back({"What this rests on", {origins_of(r, changes)}});
  d.foot = "Made by backstopctl release-notes " + s.deployment + " from the records and samples of backstopd.";
  return d;
}

} // namespace backstop::report
