#include "daemon/replay/decision_log.hpp"
#include "daemon/json.hpp"
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

namespace backstop::replay {
namespace {

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

/// Seconds in plain digits: a double would be written as 1.7672259e+09 where that is shorter.
std::string seconds(std::int64_t us) {
  std::string text = std::to_string(us / 1'000'000);
  if (std::int64_t rest = us % 1'000'000; rest > 0) {
    std::string digits = std::to_string(1'000'000 + rest).substr(1);
    text += "." + digits.erase(digits.find_last_not_of('0') + 1);
  }
  return text;
}

std::string text_or_null(const std::string& text) { return text.empty() ? "null" : Json(text).dump(); }

std::string number_or_null(const std::optional<double>& value) { return value ? number(*value) : "null"; }

/// What a line says of one rule; `evidence` null: nothing is known of it.
struct Line {
  Time t{};
  std::string_view kind;
  std::string service, rule, decision, why;
  const Evidence* evidence = nullptr;
};

std::string text_of(const Line& line) {
  static const Evidence kNothing;
  const Evidence& e = line.evidence ? *line.evidence : kNothing;
  std::string out = R"({"schema":1,"t":)" + seconds(to_us(line.t));
  const auto add = [&out](std::string_view key, const std::string& value) {
    out.append(",\"").append(key).append("\":").append(value);
  };
  add("kind", "\"" + std::string(line.kind) + "\"");
  add("service", text_or_null(line.service));
  add("rule", text_or_null(line.rule));
  add("indicator", text_or_null(e.indicator));
  add("level", text_or_null(e.level));
  add("value", number_or_null(e.value));
  add("threshold", number_or_null(e.threshold));
  add("baseline", number_or_null(e.baseline));
  add("evidence", number_or_null(e.evidence));
  add("window_s", e.window > Duration{} ? seconds(e.window.count()) : "null");
  add("samples", line.evidence ? std::to_string(e.scrapes) : "null");
  add("decision", text_or_null(line.decision));
  add("why", text_or_null(line.why));
  return out + "}\n";
}

/// Of the samples, or when it was due: when they had arrived, or a timer fired, is another time in each run. A record of
/// an older version has only that.
Time judged(const Record& record, Time at) { return at == Time{} ? record.time : at; }

std::string decision_line(const Record& record, const DecisionMade& made) {
  Line line{judged(record, made.judged), "decision", made.service, "", made.decision, made.why, nullptr};
  if (!made.rules.empty()) {
    line.rule = made.rules.front();
    const auto of_rule = std::find_if(made.evidence.begin(), made.evidence.end(),
                                      [&](const Evidence& e) { return e.rule == line.rule; });
    if (of_rule != made.evidence.end()) line.evidence = &*of_rule;
  }
  return text_of(line);
}

} // namespace

std::string DecisionLog::line_of(const Record& record, const Payload& payload) {
  if (const auto* requested = std::get_if<DeploymentRequested>(&payload)) {
    service_of_[requested->id] = requested->service;
  } else if (const auto* level = std::get_if<LevelChanged>(&payload)) {
    const Evidence& e = level->evidence;
    return text_of({judged(record, level->judged), "level", level->service, e.rule, "", e.why, &e});
  } else if (const auto* made = std::get_if<DecisionMade>(&payload)) {
    return decision_line(record, *made);
  } else if (const auto* ended = std::get_if<DeploymentEnded>(&payload)) {
    const bool kept = ended->outcome == "succeeded";
    if (kept || ended->outcome == "undecided")
      return text_of({judged(record, ended->judged), "decision", service_of_[ended->id], "",
                      kept ? "Accept" : "Undecided", ended->why, nullptr});
  }
  return {};
}

} // namespace backstop::replay
