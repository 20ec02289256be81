#include "daemon/report/blocks.hpp"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace backstop::report {
namespace {

constexpr std::size_t kCommandShown = 300;

std::string command_of(const std::vector<std::string>& argv) {
  std::string text;
  for (const std::string& word : argv) text += (text.empty() ? "" : " ") + word;
  return text.size() > kCommandShown ? text.substr(0, kCommandShown) + "..." : text;
}

std::string ended_words(const StepStory& step) {
  if (step.ended == Time{}) return "no end is recorded";
  if (step.purpose == "notify" && step.good) return "handed on";
  return step.good && step.purpose != "watch" ? "good" : step.how;
}

/// Also a value that sets no limit, as zero does.
std::string before_text(const Report& report, const Evidence& e, Unit unit) {
  if (e.baseline) return show(*e.baseline, unit);
  for (const FrozenBaseline& b : report.story.frozen.baselines)
    if (b.indicator == e.indicator && b.readings > 0) return show(b.value, unit);
  return "-";
}

} // namespace

Unit unit_of(const Report& report, const std::string& indicator) {
  for (const Course& c : report.courses.courses)
    if (c.indicator == indicator) return c.unit;
  return Unit::count;
}

Paragraph about_times(const Report& report, const LocalTime& local) {
  const Time at = report.story.requested;
  const LocalClock clock = local(at);
  if (clock.ahead == Duration{}) return {"All times are UTC, " + day_of(at) + ".", Tone::quiet};
  const std::int64_t minutes = std::chrono::duration_cast<std::chrono::minutes>(clock.ahead).count();
  return {fmt::format("Times are UTC, {}. Local times are {} (UTC{}{:02}:{:02}).", day_of(at), clock.zone,
                      minutes < 0 ? "-" : "+", std::abs(minutes) / 60, std::abs(minutes) % 60),
          Tone::quiet};
}

Table timeline_of(const Report& report, const LocalTime& local) {
  const Story& story = report.story;
  const Time zero = story.exposed != Time{} ? story.exposed : story.begun != Time{} ? story.begun : story.requested;
  const bool two = local(zero).ahead != Duration{};
  using Column = Table::Column;
  Table table;
  table.head = {"UTC", "", "What happened", "Who"};
  table.columns = {Column::clock, Column::clock, Column::text, Column::text};
  if (two) {
    table.head.insert(table.head.begin() + 1, local(zero).zone);
    table.columns.insert(table.columns.begin() + 1, Column::clock);
  }
  std::string day = day_of(zero);
  for (const Moment& m : story.timeline) {
    if (const std::string today = day_of(m.at); today != day && m.at > zero) {
      day = today;
      Table::Row row{{today, "", "", ""}, Tone::quiet};
      if (two) row.cells.emplace_back();
      table.rows.push_back(std::move(row));
    }
    const Tone tone = m.tone == Moment::Tone::bad ? Tone::bad : m.tone == Moment::Tone::good ? Tone::good : Tone::plain;
    Table::Row row{{clock_of(m.at), m.at == zero ? "0s" : offset_of(m.at - zero), m.text, m.actor}, tone};
    if (two) row.cells.insert(row.cells.begin() + 1, clock_of(m.at, local(m.at).ahead));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table evidence_of(const Report& report, const DecisionMade& decision) {
  Table table;
  table.head = {"Rule", "Measured", "Limit", "Held for", "Before", "From"};
  table.columns.assign(6, Table::Column::text);
  const auto decided = [&](const Evidence& e) {
    return std::find(decision.rules.begin(), decision.rules.end(), e.rule) != decision.rules.end();
  };
  for (const bool first : {true, false}) {
    for (const Evidence& e : decision.evidence) {
      if (decided(e) != first) continue;
      const Unit unit = unit_of(report, e.indicator);
      std::string held = length_of(e.held) + " of " + length_of(e.needed);
      if (e.evidence) held = fmt::format("{:.1f} of {:.1f} nats of evidence", *e.evidence, e.evidence_needed);
      std::string from = fmt::format("{:.0f} requests in {}", e.requests, length_of(e.window));
      if (e.window == Duration{}) from = e.scrapes == 1 ? "1 sample" : std::to_string(e.scrapes) + " samples";
      table.rows.push_back({{e.rule + (first ? " (decided)" : ""), e.value ? show(*e.value, unit) : e.health, e.limit,
                             first || e.evidence ? held : "-", before_text(report, e, unit), from},
                            first ? Tone::bad : Tone::plain});
    }
  }
  return table;
}

std::vector<Block> steps_of(const Report& report, const std::string& procedure) {
  Table table;
  table.head = {"Step", "", "UTC", "Took", "How it ended", "Command"};
  using Column = Table::Column;
  table.columns = {Column::clock, Column::text, Column::clock, Column::clock, Column::text, Column::code};
  std::vector<Block> blocks;
  for (const StepStory& step : report.story.steps) {
    if (step.procedure != procedure) continue;
    std::string name = step.name == step.path ? "" : step.name;
    if (step.purpose == "check") name += " (check)";
    if (step.attempt > 1) name += (name.empty() ? "attempt " : ", attempt ") + std::to_string(step.attempt);
    table.rows.push_back({{step.path, name, clock_of(step.began), step.ended == Time{} ? "-" : length_of(step.took),
                           ended_words(step), command_of(step.argv)},
                          step.ended != Time{} && !step.good ? Tone::bad : Tone::plain});
  }
  if (table.rows.empty()) return blocks;
  blocks.emplace_back(std::move(table));
  for (const StepStory& step : report.story.steps) {
    if (step.procedure != procedure || step.output.empty()) continue;
    blocks.emplace_back(Output{(step.name == step.path ? "Item " + step.path : "Step " + step.path + ", " + step.name) +
                                   (step.purpose == "check" ? " (check)" : "") +
                                   (step.output_cut ? ", the end of what it printed" : ""),
                               step.output});
  }
  return blocks;
}

Table notices_of(const Report& report) {
  Table table;
  table.head = {"UTC", "Channel", "Arrived", "What it said"};
  table.columns = {Table::Column::clock, Table::Column::text, Table::Column::text, Table::Column::text};
  for (const NoticeStory& n : report.story.notices) {
    std::string arrived = "not yet";
    if (n.ended != Time{}) arrived = n.delivered ? "after " + length_of(n.ended - n.queued) : "NO: " + n.error;
    if (n.delivered && n.attempts > 1) arrived += ", attempt " + std::to_string(n.attempts);
    table.rows.push_back({{clock_of(n.queued), n.channel, arrived, without_names(n.title, report.story)},
                          n.ended != Time{} && !n.delivered ? Tone::bad : Tone::plain});
  }
  return table;
}

Facts sources_of(const Report& report) {
  const Story& s = report.story;
  Facts facts;
  facts.facts.emplace_back("Records", std::to_string(s.records) + " of the journal, from " +
                                          std::to_string(s.first_record) + " to " + std::to_string(s.last_record) +
                                          "; the last is of " + utc(s.last_time));
  if (report.courses.missing.empty())
    facts.facts.emplace_back("Samples", std::to_string(report.courses.scrapes) + " kept answers of sources, " +
                                            utc(report.courses.first) + " to " + utc(report.courses.last));
  else
    facts.facts.emplace_back("Samples", "none: " + report.courses.missing + ". Values are those of the records.");
  facts.facts.emplace_back("Rules", "as frozen at deploy begin, SHA-256 " + s.config_hash.substr(0, 16));
  return facts;
}

std::string requests_text(const Requests& r) {
  if (r.all <= 0) return "";
  return fmt::format("{:.0f} of {:.0f} requests ({})", r.bad, r.all, show(r.bad / r.all, Unit::ratio));
}

} // namespace backstop::report
