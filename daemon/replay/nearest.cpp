#include "daemon/replay/nearest.hpp"
#include "daemon/config/compile.hpp"
#include "daemon/config/quantities.hpp"
#include "daemon/json.hpp"
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <tuple>
#include <utility>

namespace backstop::replay {
namespace {

constexpr Duration kLongestPattern = std::chrono::minutes(1);
constexpr int kFewestScrapes = 3; ///< of the slowest source, in what is repeated
constexpr int kHalvings = 6;      ///< of the factor's logarithm: to 4 %

/// To two digits, away from what it was.
double rounded(double value, double factor, bool up) {
  const double changed = value * factor;
  if (changed == 0) return 0;
  const double digit = std::pow(10, std::floor(std::log10(std::abs(changed))) - 1);
  return (up ? std::ceil(changed / digit - 1e-9) : std::floor(changed / digit + 1e-9)) * digit;
}

/// A setting that can be changed by a factor.
struct Lever {
  std::string setting;
  std::string rule; ///< whose limit it is; empty: of the judge
  std::string from;
  bool longer_is_laxer = true; ///< a larger factor lets less be decided
  /// Changes it in `service`, and says to what.
  std::function<std::string(config::Service&, double factor)> pull;
};

std::string pull_limit(Limit& limit, Unit unit, double factor) {
  limit.value = rounded(limit.value, factor, factor > 1);
  return show(limit, unit);
}

std::string pull_row(Row& row, double factor) {
  const bool up = row.higher_is_worse;
  std::optional<double>& edge = up ? row.critical.low : row.critical.high;
  const double to = edge ? rounded(*edge, factor, factor > 1) : 0;
  edge = to;
  for (Band* band : {&row.normal, &row.alert}) { // no band may reach beyond it
    for (std::optional<double>* other : {&band->low, &band->high}) {
      if (*other) *other = up ? std::min(**other, to) : std::max(**other, to);
    }
  }
  (up ? row.alert.high : row.alert.low) = to;
  return show(row.critical, row.unit);
}

std::string pull_duration(Duration& d, double factor) {
  const double seconds = to_seconds(d) * factor;
  d = seconds_f(std::max(1.0, factor > 1 ? std::ceil(seconds) : std::floor(seconds)));
  return config::show_duration(d);
}

std::vector<Lever> levers_of(const config::Service& service) {
  std::vector<Lever> levers;
  for (std::size_t i = 0; i < service.rows.size(); ++i) {
    const Row& row = service.rows[i].row;
    const std::optional<double>& edge = row.higher_is_worse ? row.critical.low : row.critical.high;
    if (!edge || service.rows[i].row.mode == Mode::observe) continue;
    levers.push_back({row.name + " critical", row.name, show(row.critical, row.unit), row.higher_is_worse,
                      [i](config::Service& s, double factor) { return pull_row(s.rows[i].row, factor); }});
    if (service.judge.kind == config::JudgeKind::table && row.timing.for_critical > Duration{})
      levers.push_back({row.name + " for critical", row.name, config::show_duration(row.timing.for_critical), true,
                        [i](config::Service& s, double factor) {
                          return pull_duration(s.rows[i].row.timing.for_critical, factor);
                        }});
  }
  for (std::size_t i = 0; i < service.criteria.size(); ++i) {
    const config::CriterionConfig& criterion = service.criteria[i];
    if (criterion.mode == Mode::observe) continue;
    for (std::size_t c = 0; c < criterion.all.size(); ++c) {
      const Condition& condition = criterion.all[c].condition;
      const std::string name = criterion.name + (criterion.all.size() > 1 ? " " + criterion.all[c].indicator : "");
      const bool up = is_upward(condition);
      if (condition.limit)
        levers.push_back({name + " critical", criterion.name, show(*condition.limit, condition.unit), up,
                          [i, c](config::Service& s, double factor) {
                            Condition& it = s.criteria[i].all[c].condition;
                            return pull_limit(*it.limit, it.unit, factor);
                          }});
      if (condition.of_baseline)
        levers.push_back({name + " of the baseline", criterion.name, show(*condition.of_baseline, Unit::count), up,
                          [i, c](config::Service& s, double factor) {
                            return pull_limit(*s.criteria[i].all[c].condition.of_baseline, Unit::count, factor);
                          }});
    }
  }
  if (service.judge.kind == config::JudgeKind::sequential)
    levers.push_back(
        {"judge.sustain", "", config::show_duration(service.judge.sequential.sustain), true,
         [](config::Service& s, double factor) { return pull_duration(s.judge.sequential.sustain, factor); }});
  if (service.judge.warm_up > Duration{})
    levers.push_back({"judge.warm_up", "", config::show_duration(service.judge.warm_up), true,
                      [](config::Service& s, double factor) { return pull_duration(s.judge.warm_up, factor); }});
  return levers;
}

/// What a decision log says of rollbacks.
struct Decided {
  bool rolled_back = false;
  std::set<std::string> rules; ///< the first of each RollBack
  Duration bad_for{}; ///< before the first RollBack: since when the level of its rule was not normal; zero: not told
};

Decided decided_in(const std::string& log) {
  Decided decided;
  std::map<std::string, Time> bad_since;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const Result<Json> json = Json::parse(line);
    if (!json) continue;
    const Time t = Time{} + seconds_f(json->number("t"));
    const std::string rule = json->text("rule");
    if (json->text("decision") == "RollBack") {
      const auto since = bad_since.find(rule);
      if (!decided.rolled_back && since != bad_since.end()) decided.bad_for = t - since->second;
      decided.rolled_back = true;
      decided.rules.insert(rule);
    } else if (json->text("kind") == "level") {
      json->text("level") == "normal" ? void(bad_since.erase(rule)) : void(bad_since.try_emplace(rule, t));
    }
  }
  return decided;
}

class Search {
public:
  Search(Request request, Recording recording, const std::function<void(std::size_t)>& progress)
      : request_(std::move(request)), recording_(std::move(recording)), progress_(progress) {}

  Result<Decided> decide(const config::Service& service) {
    request_.service = service;
    const Result<Outcome> outcome = replay(request_, recording_);
    if (!outcome) return outcome.error();
    if (progress_) progress_(++replays);
    return decided_in(outcome->log);
  }
  std::size_t replays = 1; ///< the one that told what was decided

private:
  Request request_;
  Recording recording_;
  const std::function<void(std::size_t)>& progress_;
};

/// Changes levers by one factor, as little as turns the decision.
class Turning {
public:
  Turning(Search& search, const config::Service& service, bool rolls_back)
      : search_(search), service_(service), rolls_back_(rolls_back) {}

  struct Turned {
    std::optional<Change> change;
    std::set<std::string> still; ///< rules that decide even at the farthest
  };
  Result<Turned> find(const std::vector<const Lever*>& levers) {
    Result<Decided> at = decide(levers, kFarthest);
    if (!at) return at.error();
    if (at->rolled_back == rolls_back_) return Turned{{}, std::move(at->rules)};
    double vain = 0, turns = 1; // of the logarithm
    for (int i = 0; i < kHalvings; ++i) {
      const double middle = (vain + turns) / 2;
      at = decide(levers, std::pow(kFarthest, middle));
      if (!at) return at.error();
      (at->rolled_back == rolls_back_ ? vain : turns) = middle;
    }
    return Turned{changed(levers, std::pow(kFarthest, turns)), {}};
  }
  [[nodiscard]] std::string farthest(const Lever& lever) const {
    config::Service service = service_;
    return lever.setting + " up to " + lever.pull(service, direction(lever, kFarthest));
  }

private:
  /// Laxer where it was rolled back, stricter where it was not.
  [[nodiscard]] double direction(const Lever& lever, double factor) const {
    return lever.longer_is_laxer == rolls_back_ ? factor : 1 / factor;
  }
  Result<Decided> decide(const std::vector<const Lever*>& levers, double factor) {
    config::Service service = service_;
    for (const Lever* lever : levers) static_cast<void>(lever->pull(service, direction(*lever, factor)));
    return search_.decide(service);
  }
  [[nodiscard]] Change changed(const std::vector<const Lever*>& levers, double factor) const {
    config::Service service = service_;
    Change change;
    change.factor = factor;
    for (const Lever* lever : levers) {
      const char* and_then = change.setting.empty() ? "" : " and ";
      change.setting += and_then + lever->setting;
      change.from += and_then + lever->from;
      change.to += and_then + lever->pull(service, direction(*lever, factor));
    }
    return change;
  }

  Search& search_;
  const config::Service& service_;
  bool rolls_back_;
};

/// Limits of several rules together, where more than one would have decided: each rule that still does joins.
Status turn_together(Turning& turning, const std::vector<Lever>& levers, std::set<std::string> rules,
                     Nearest& nearest) {
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<const Lever*> together;
    for (const Lever& lever : levers) {
      if (rules.contains(lever.rule)) together.push_back(&lever);
    }
    if (together.empty()) return {};
    Result<Turning::Turned> turned = turning.find(together);
    if (!turned) return turned.error();
    if (turned->change) {
      nearest.changes.push_back(*std::move(turned->change));
      return {};
    }
    const std::size_t before = rules.size();
    rules.merge(turned->still);
    if (rules.size() == before) return {};
  }
  return {};
}

/// The end of what is looked at: the samples of a rollback go on as they were, of a watch without one it is its first part.
Time end_of(const Request& request, const Recording& recording, bool rolls_back) {
  const Time last = request.end.value_or(recording.scrapes.back().arrived);
  if (rolls_back) return last + kGoesOn;
  Time finished = kNever;
  for (const Event& event : request.events) {
    if (event.command && std::holds_alternative<FinishDeployment>(*event.command))
      finished = std::min(finished, event.t);
  }
  return finished == kNever ? last : std::min(last, finished + request.service.bake.good_after);
}

/// How much of the end is repeated: what decided and was bad, not what was before it.
Duration repeated_of(const Decided& decided, const config::Service& service) {
  Duration least{};
  for (const config::Source& source : service.sources) least = std::max(least, kFewestScrapes * source.interval);
  if (service.judge.kind == config::JudgeKind::sequential) least = std::max(least, service.judge.sequential.severe);
  return std::clamp(decided.bad_for, least, std::max(least, kLongestPattern));
}

} // namespace

void go_on_until(Time end, Duration repeated, Recording& recording) {
  const Time last = recording.scrapes.back().t;
  std::vector<Scrape> pattern;
  for (const Scrape& scrape : recording.scrapes) {
    if (scrape.t > last - repeated) pattern.push_back(scrape);
  }
  struct Series {
    Time first_at{}, last_at{};
    double first = 0, last = 0;
    bool falls = false;
  };
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>; // source, target, series
  std::map<Key, Series> growth;
  for (const Scrape& scrape : pattern) {
    for (const Sample& sample : scrape.samples) {
      const auto [at, fresh] = growth.try_emplace({scrape.source, scrape.target, sample.series},
                                                  Series{scrape.t, scrape.t, sample.value, sample.value, false});
      Series& series = at->second;
      series.falls = series.falls || sample.value < series.last;
      series.last = sample.value;
      series.last_at = scrape.t;
    }
  }
  for (int n = 1; last + repeated * (n - 1) < end; ++n) {
    for (Scrape scrape : pattern) {
      scrape.t += repeated * n;
      scrape.arrived += repeated * n;
      scrape.named.clear();
      for (Sample& sample : scrape.samples) {
        const Series& series = growth.at({scrape.source, scrape.target, sample.series});
        if (series.falls || series.last_at == series.first_at) continue;
        const double a_second = (series.last - series.first) / to_seconds(series.last_at - series.first_at);
        sample.value += n * a_second * to_seconds(repeated);
      }
      recording.scrapes.push_back(std::move(scrape));
    }
  }
}

Result<Nearest> nearest_change(Request request, const std::function<void(std::size_t)>& progress) {
  const Result<config::CompiledService> compiled = config::compile(request.service);
  if (!compiled) return compiled.error();
  Result<Recording> recording = read_recording(request.samples, request.samples_file, request.service, *compiled);
  if (!recording) return recording.error();
  request.go_on = false;
  if (request.frozen)
    request.frozen->lines.clear(); // drawn anew in each, or all would be compared with one that was not

  const Result<Outcome> was = replay(request, *recording);
  if (!was) return was.error();
  Nearest nearest;
  const Decided decided = decided_in(was->log);
  nearest.rolls_back = decided.rolled_back;
  nearest.until = end_of(request, *recording, nearest.rolls_back);
  if (nearest.rolls_back) go_on_until(nearest.until, repeated_of(decided, request.service), *recording);
  request.end = nearest.until;

  const config::Service service = request.service;
  Search search(std::move(request), *std::move(recording), progress);
  Turning turning(search, service, nearest.rolls_back);
  const std::vector<Lever> levers = levers_of(service);
  std::set<std::string> together = decided.rules;
  for (const Lever& lever : levers) {
    if (nearest.rolls_back && !lever.rule.empty() && !decided.rules.contains(lever.rule)) continue;
    Result<Turning::Turned> turned = turning.find({&lever});
    if (!turned) return turned.error();
    if (turned->change)
      nearest.changes.push_back(*std::move(turned->change));
    else
      nearest.in_vain.push_back(turning.farthest(lever));
    if (!lever.rule.empty()) together.merge(turned->still);
  }
  if (nearest.rolls_back && nearest.changes.empty()) {
    if (Status s = turn_together(turning, levers, together, nearest); !s) return s.error();
  }
  std::stable_sort(nearest.changes.begin(), nearest.changes.end(),
                   [](const Change& a, const Change& b) { return a.factor < b.factor; });
  nearest.replays = search.replays;
  return nearest;
}

} // namespace backstop::replay
