#include "daemon/ruletest/run.hpp"
#include "daemon/config/quantities.hpp"
#include "daemon/replay/replay.hpp"
#include "daemon/ruletest/samples.hpp"
#include <algorithm>
#include <map>
#include <optional>

namespace backstop::ruletest {
namespace {

using config::show_duration;

/// A decision, the begin of a watch, or its end.
struct Decided {
  Duration t{};
  std::string word, status, why;
  std::vector<std::string> rules;
  std::vector<Evidence> evidence;
};
/// A notice.
struct Said {
  Duration t{};
  std::string title;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Sees what happens in a test, and says what of it was expected otherwise.
class Witness {
public:
  Witness(const Suite& suite, const Test& test) : test_(test) {
    for (const config::Indicator& indicator : suite.service.indicators)
      units_[indicator.name] = config::unit_of(indicator);
    for (const Expectation& e : test.expect) onlooker_.looks.push_back(time_of(e.time));
    std::sort(onlooker_.looks.begin(), onlooker_.looks.end());
    onlooker_.on_look = [this](Time t, const ServiceWatch& watch) { look(t, watch); };
    onlooker_.on_record = [this](const Record& record, const Payload& payload) { note(record, payload); };
    onlooker_.show_time = [this](Time t) {
      refused_ = t;
      return show_duration(since_start(t));
    };
  }

  [[nodiscard]] const replay::Onlooker& onlooker() const { return onlooker_; }
  /// When a command was refused.
  [[nodiscard]] std::optional<Time> refused() const { return refused_; }

  [[nodiscard]] std::vector<Failure> failures() const {
    std::vector<Failure> failures;
    for (const Expectation& e : test_.expect) {
      switch (e.kind) {
      case Expectation::Kind::level: check_levels(e, failures); break;
      case Expectation::Kind::decision: check_decision(e, failures); break;
      case Expectation::Kind::notice: check_notice(e, failures); break;
      }
    }
    return failures;
  }

private:
  void look(Time t, const ServiceWatch& watch) {
    std::vector<Shown>& shown = looks_[since_start(t)];
    shown.clear();
    for (const Verdict& verdict : watch.last.verdicts) shown.push_back(shown_of(evidence_of(verdict, watch.watch)));
  }

  [[nodiscard]] Shown shown_of(const Evidence& evidence) const {
    const auto unit = units_.find(evidence.indicator);
    return {evidence, unit == units_.end() ? Unit::count : unit->second};
  }

  void note(const Record& record, const Payload& payload) {
    const Duration t = since_start(record.time);
    if (const auto* begun = std::get_if<DeploymentRequested>(&payload)) {
      decided_.push_back({t, "KeepWatching", "", begun->version + " was begun", {}, {}});
    } else if (const auto* made = std::get_if<DecisionMade>(&payload)) {
      decided_.push_back({t, made->decision, made->decision == "RollBack" ? made->status : "",
                          made->why + (made->because.empty() ? "" : "; " + made->because), made->rules,
                          made->evidence});
      if (made->decision == "RollBack" && made->status == "enforced") ended_ = t;
    } else if (const auto* ended = std::get_if<DeploymentEnded>(&payload)) {
      const bool kept = ended->outcome == "succeeded";
      const std::string word = kept ? "Accept" : ended->outcome == "undecided" ? "Undecided" : ended->outcome;
      decided_.push_back({t, word, "", ended->why, {}, {}});
    } else if (const auto* level = std::get_if<LevelChanged>(&payload)) {
      changes_[level->evidence.rule].emplace_back(t, level->to);
    } else if (const auto* notice = std::get_if<NoticeQueued>(&payload)) {
      if (said_.empty() || said_.back().title != notice->title || said_.back().t != t)
        said_.push_back({t, notice->title}); // once, however many channels
    }
  }

  [[nodiscard]] const Shown* shown_at(Duration t, const std::string& rule) const {
    const auto found = looks_.find(t);
    if (found == looks_.end()) return nullptr;
    const auto of_rule = std::find_if(found->second.begin(), found->second.end(),
                                      [&](const Shown& s) { return s.evidence.rule == rule; });
    return of_rule == found->second.end() ? nullptr : &*of_rule;
  }

  [[nodiscard]] std::string time_text(const Expectation& e) const {
    return (e.when == Expectation::When::by ? " by " : " at ") + show_duration(e.time);
  }

  void check_levels(const Expectation& e, std::vector<Failure>& failures) const {
    for (const auto& [rule, level] : e.levels) {
      const std::string wanted(name_of(level));
      const Shown* shown = shown_at(e.time, rule);
      if (e.when == Expectation::When::by ? reached(rule, wanted, e.time) : shown && shown->evidence.level == wanted)
        continue;
      Failure failure{e.place, rule + " " + wanted + time_text(e), "", {}};
      if (shown) {
        failure.got = shown->evidence.level + (shown->evidence.why.empty() ? "" : ": " + shown->evidence.why);
        failure.evidence = {*shown};
      } else if (ended_) {
        failure.got = "nothing was judged then: a rollback had begun at " + show_duration(*ended_);
      } else {
        failure.got = "nothing was judged then";
      }
      failures.push_back(std::move(failure));
    }
  }
  /// Every rule begins as normal.
  [[nodiscard]] bool reached(const std::string& rule, const std::string& level, Duration by) const {
    if (level == name_of(Level::normal)) return true;
    const auto found = changes_.find(rule);
    return found != changes_.end() && std::any_of(found->second.begin(), found->second.end(), [&](const auto& change) {
             return change.first <= by && change.second == level;
           });
  }

  [[nodiscard]] bool is_meant(const Expectation& e, const Decided& d) const {
    return d.word == e.word && (e.status.empty() || d.status == e.status) &&
           std::all_of(e.rules.begin(), e.rules.end(), [&](const std::string& rule) {
             return std::find(d.rules.begin(), d.rules.end(), rule) != d.rules.end();
           });
  }
  [[nodiscard]] static std::string text_of(const Decided& d) {
    return d.word + (d.status.empty() || d.status == "enforced" ? "" : " (" + d.status + ")") +
           (d.word == "KeepWatching" ? " since " : " at ") + show_duration(d.t) +
           (d.rules.empty() ? "" : " by " + joined(d.rules)) + (d.why.empty() ? "" : ": " + d.why);
  }

  void check_decision(const Expectation& e, std::vector<Failure>& failures) const {
    const std::string meant =
        e.word + (e.status.empty() ? "" : " (" + e.status + ")") + (e.rules.empty() ? "" : " of " + joined(e.rules));
    if (e.when == Expectation::When::never) {
      const auto found =
          std::find_if(decided_.begin(), decided_.end(), [&](const Decided& d) { return is_meant(e, d); });
      if (found != decided_.end())
        failures.push_back({e.place, "never " + meant, text_of(*found), evidence_then(*found)});
      return;
    }
    const Decided* newest = nullptr;
    bool happened = false;
    for (const Decided& d : decided_) {
      if (d.t > e.time) break;
      newest = &d;
      happened = happened || is_meant(e, d);
    }
    if (e.when == Expectation::When::by ? happened : newest && is_meant(e, *newest)) return;
    Failure failure{e.place, meant + time_text(e), newest ? text_of(*newest) : "nothing was decided yet", {}};
    const auto later = std::find_if(decided_.begin(), decided_.end(),
                                    [&](const Decided& d) { return d.t > e.time && is_meant(e, d); });
    if (later != decided_.end()) failure.got += "; only later " + text_of(*later);
    failure.evidence = evidence_about(e);
    if (failure.evidence.empty() && newest) failure.evidence = evidence_then(*newest);
    failures.push_back(std::move(failure));
  }

  /// Of the rules that it names; else of those that are not normal, or of the first few.
  [[nodiscard]] std::vector<Shown> evidence_about(const Expectation& e) const {
    std::vector<Shown> out;
    const auto found = looks_.find(e.time);
    if (found == looks_.end()) return out;
    for (const Shown& s : found->second) {
      const bool named = std::find(e.rules.begin(), e.rules.end(), s.evidence.rule) != e.rules.end();
      if (e.rules.empty() ? s.evidence.level != "normal" : named) out.push_back(s);
    }
    if (out.empty()) out = found->second;
    constexpr std::size_t kMost = 3;
    if (out.size() > kMost) out.resize(kMost);
    return out;
  }
  /// Of the rules that decided.
  [[nodiscard]] std::vector<Shown> evidence_then(const Decided& d) const {
    std::vector<Shown> out;
    for (const Evidence& evidence : d.evidence) {
      if (std::find(d.rules.begin(), d.rules.end(), evidence.rule) == d.rules.end()) continue;
      out.push_back(shown_of(evidence));
    }
    return out;
  }

  void check_notice(const Expectation& e, std::vector<Failure>& failures) const {
    const auto has = [&](const Said& s) { return s.title.find(e.word) != std::string::npos; };
    const bool never = e.when == Expectation::When::never;
    const auto found = std::find_if(said_.begin(), said_.end(), [&](const Said& s) { return s.t <= e.time && has(s); });
    if ((found == said_.end()) == never) return;
    Failure failure{e.place, "a notice with \"" + e.word + "\" by " + show_duration(e.time), "", {}};
    constexpr int kMost = 5;
    int n = 0;
    for (const Said& s : said_) {
      if (n++ < kMost)
        failure.got += (failure.got.empty() ? "" : "; ") + ("\"" + s.title + "\" at " + show_duration(s.t));
    }
    if (n > kMost) failure.got += "; and " + std::to_string(n - kMost) + " more";
    if (n == 0) failure.got = "no notice at all";
    failures.push_back(std::move(failure));
  }

  const Test& test_;
  replay::Onlooker onlooker_;
  std::optional<Time> refused_;
  std::optional<Duration> ended_;
  std::map<Duration, std::vector<Shown>> looks_;
  std::map<std::string, Unit> units_;                                            ///< by indicator
  std::map<std::string, std::vector<std::pair<Duration, std::string>>> changes_; ///< by rule
  std::vector<Decided> decided_;
  std::vector<Said> said_;
};

} // namespace

Outcome run_test(const Suite& suite, const Test& test) {
  Outcome outcome{test.name, test.place, {}, {}};
  const std::string samples = samples_of(test);
  Witness witness(suite, test);
  replay::Request request{suite.service,     samples, "the samples",      test.events,
                          time_of(test.end), false,   &witness.onlooker()};
  const auto replayed = replay::replay(request);
  if (replayed) {
    outcome.failures = witness.failures();
    return outcome;
  }
  config::Place place = test.place;
  for (std::size_t i = 0; witness.refused() && i < test.events.size(); ++i) {
    if (test.events[i].t != *witness.refused()) continue;
    place = test.event_places[i];
    break;
  }
  outcome.faults.push_back({suite.file, place.line, place.column, test.name + ": " + replayed.error().what, ""});
  return outcome;
}

} // namespace backstop::ruletest
