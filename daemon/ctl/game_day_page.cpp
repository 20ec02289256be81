#include "daemon/ctl/pages.hpp"

namespace backstop::ctl {
namespace {

std::string words_of(const Json& argv) {
  std::string text;
  for (const Json& word : list(argv)) {
    const std::string& w = word.as_string() ? *word.as_string() : "";
    const bool quoted = w.empty() || w.find_first_of(" \n\"'\\$") != std::string::npos;
    text += (text.empty() ? "" : " ") + (quoted ? "'" + w + "'" : w);
  }
  return text;
}

std::string would(const Json& step) {
  const std::string kind = step.text("kind");
  if (kind == "run")
    return "would run " + words_of(step["argv"]) + (step.text("user").empty() ? "" : ", as " + step.text("user"));
  if (kind == "notify") return "would tell the channels";
  return kind == "watch" ? "would judge whether the old version is good" : "would open a review";
}

/// The answers to the questions about one step, or to those of one purpose.
std::string answers(const Json& day, const std::string& path, const std::string& only, const Style& style) {
  std::string out;
  for (const Json& q : list(day["questions"])) {
    if ((!path.empty() && q.text("path") != path) || (!only.empty() && q.text("purpose") != only)) continue;
    if (only.empty() && q.text("purpose") == "channel") continue;
    const std::string about = q.text("purpose") == "channel" ? "channel " + q.text("path") : q.text("purpose");
    const std::string asked = words_of(q["argv"]);
    out += "     " +
           wrapped(about + ": " + (q.flag("good") ? q.text("answer") : red(style, q.text("answer"))) +
                       (asked.empty() ? "" : " (asked: " + asked + ")"),
                   7) +
           "\n";
    std::string output = q.text("output");
    while (!output.empty() && output.back() == '\n') output.pop_back();
    if (!q.flag("good") && !output.empty()) out += "       it printed: " + wrapped(output, 19) + "\n";
  }
  return out;
}

} // namespace

std::string game_day_page(const Json& document, const Style& style) {
  const Json& day = document["game_day"];
  std::string out = bold(style, day.text("service")) + ": game day, a rollback gone through; nothing was changed\n";
  out += "  from " + (day.text("version").empty() ? "an unknown version" : day.text("version")) + " back to " +
         (day.text("target").empty() ? "nothing" : day.text("target")) + "\n";
  out += answers(day, "0", "version", style);
  for (const Json& step : list(day["steps"])) {
    out += "  " + step.text("path") + "  " + wrapped(step.text("name") + ": " + would(step), 5) + "\n";
    out += answers(day, step.text("path"), "", style);
  }
  out += answers(day, "", "channel", style);
  if (day.flag("works")) return out + "a rollback WOULD WORK\n";
  return out + red(style, "a rollback would NOT work") + ":\n  " + wrapped(day.text("why"), 2) + "\n";
}

std::string channel_test_page(const Json& document, const Style& style) {
  return bold(style, document.text("channel")) + (document.flag("taken") ? ": taken: " : ": NOT taken: ") +
         document.text("answer") + "\n";
}

} // namespace backstop::ctl
