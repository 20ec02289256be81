#include "daemon/report/blocks.hpp"
#include "rules/deployment.hpp"

/// What is said of a deployment, however it ended.
namespace backstop::report {
namespace {

Facts metrics_of(const Report& r) {
  const Story& s = r.story;
  Facts facts;
  const auto fact = [&](const std::string& name, const std::string& value) { facts.facts.emplace_back(name, value); };
  if (s.begun != Time{} && s.finished != Time{}) fact("Deployment duration", length_of(s.finished - s.begun));
  if (s.finished != Time{} && s.ended != Time{} && !s.rollback) fact("Watched for", length_of(s.ended - s.finished));
  if (r.figures.exposed) fact(s.version + " had the traffic for", length_of(*r.figures.exposed));
  if (r.figures.to_decide) fact("First sign to decision", length_of(*r.figures.to_decide));
  if (r.figures.to_restore) fact("Rollback to " + s.previous + " running again", length_of(*r.figures.to_restore));
  for (const Requests& requests : r.courses.requests)
    if (const std::string counted = requests_text(requests); !counted.empty())
      fact("Failed after the deployment, by " + requests.indicator, counted);
  std::size_t reports = 0;
  for (const SignalStory& signal : s.signals) reports += signal_named(signal.kind) == SignalKind::user_report ? 1 : 0;
  fact("User reports", std::to_string(reports));
  return facts;
}

Table indicators_of(const Report& r) {
  const Story& s = r.story;
  Table table;
  table.head = {"Indicator", "Before", "After, middle", "After, worst", "Limits"};
  table.columns.assign(5, Table::Column::text);
  const Time until = s.rollback ? s.rollback_began : s.ended == Time{} ? kNever : s.ended;
  for (const Course& c : r.courses.courses) {
    const auto shown = [&](const std::optional<double>& v) { return v ? show(*v, c.unit) : std::string("-"); };
    std::optional<double> before = median_of(c, Time::min(), s.begun);
    if (!before) before = c.baseline;
    const Time out = s.exposed == Time{} ? s.begun : s.exposed;
    table.rows.push_back(
        {{c.indicator, shown(before), shown(median_of(c, out, until)), shown(worst_of(c, out, until)), limits_text(c)},
         Tone::plain});
  }
  return table;
}

} // namespace

Tone tone_of(const Story& s) {
  if (s.outcome == "succeeded") return Tone::good;
  return s.outcome.empty() ? Tone::plain : Tone::bad;
}

std::vector<Block> measured_of(const Report& r) {
  std::vector<Block> blocks{metrics_of(r)};
  if (!r.courses.missing.empty())
    blocks.emplace_back(Paragraph{"There are no readings: " + r.courses.missing + ".", Tone::quiet});
  if (!r.courses.courses.empty()) blocks.emplace_back(indicators_of(r));
  return blocks;
}

Items changes_of(const Report& r) {
  const Story& s = r.story;
  Items items;
  items.items.push_back(s.service + ": " + (s.previous.empty() ? "" : s.previous + " -> ") + s.version);
  for (const std::string& component : s.components) items.items.push_back(component + ": " + s.version);
  if (s.outcome == "rolled_back_verified") items.items.push_back("Rolled back: " + s.version + " -> " + s.previous);
  return items;
}

Table sign_off(const Report& r) {
  Table table;
  table.head = {"UTC", "Who", "What"};
  table.columns = {Table::Column::clock, Table::Column::text, Table::Column::text};
  for (const ActStory& act : r.story.acts) table.rows.push_back({{utc(act.at), act.who, act.did}, Tone::plain});
  const DecisionState* decision = r.story.decision();
  if (decision)
    table.rows.push_back({{utc(decision->at), "backstopd", "decided: " + decision->made.why}, Tone::plain});
  else if (!r.story.outcome.empty())
    table.rows.push_back({{utc(r.story.ended), "backstopd", outcome_words(r.story.outcome)}, Tone::plain});
  for (const ApprovalStory& a : r.story.approvals)
    table.rows.push_back(
        {{utc(a.at), a.by, "approved as " + a.role + (a.comment.empty() ? "" : ": " + a.comment)}, Tone::good});
  if (!r.story.approvals.empty()) return table; // signed where it counts
  for (const char* role : {"DevOps", "ScrumMaster", "ProductOwner"})
    table.rows.push_back({{"", role, ". . . . . . . . . . . ."}, Tone::plain});
  return table;
}

} // namespace backstop::report
