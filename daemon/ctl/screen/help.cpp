#include "daemon/ctl/screen/help.hpp"
#include <algorithm>
#include <utility>

namespace backstop::ctl::screen {
namespace {

struct Key {
  const char *key, *word, *brief;
  bool urgent = false;
};

std::vector<Key> keys_of(const View& view) {
  if (view.asking) return {{"Enter", "go on", "on"}, {"Esc", "leave it", "no"}};
  if (view.page == View::Page::help || view.page == View::Page::text)
    return {{"arrows PgUp PgDn", "scroll", "scroll"}, {"Esc", "back", "back"}, {"q", "quit", "quit"}};
  std::vector<Key> keys;
  const Service* service = view.service();
  if (service && service->asked) keys = {{"c", "confirm", "confirm", true}, {"d", "decline", "decline", true}};
  if (service && !service->incident.empty()) keys.push_back({"a", "acknowledge", "ack", true});
  if (service) keys.insert(keys.end(), {{"r", "roll back", "rollb."}, {"h", "hold", "hold"}, {"e", "explain", "why"}});
  keys.push_back(view.page == View::Page::details ? Key{"Esc", "back", "back"} : Key{"Enter", "details", "more"});
  keys.insert(keys.end(), {{"?", "help", "help"}, {"q", "quit", "quit"}});
  return keys;
}

Line line_of(const std::vector<Key>& keys, bool brief) {
  Line line;
  for (const Key& key : keys) {
    line.push_back({std::string(line.empty() ? "" : "  ") + key.key, key.urgent ? Tone::critical : Tone::strong});
    line.push_back({std::string(" ") + (brief ? key.brief : key.word), Tone::quiet});
  }
  return line;
}

} // namespace

Line key_line(const View& view, const Canvas& canvas) {
  constexpr std::size_t kLast = 2; // help and quit are always there
  std::vector<Key> keys = keys_of(view);
  const auto fits = [&](bool brief) { return columns_of(line_of(keys, brief), canvas.utf8()) <= canvas.width; };
  if (fits(false)) return line_of(keys, false);
  while (keys.size() > kLast && !fits(true)) keys.erase(keys.end() - kLast - 1);
  return line_of(keys, true);
}

std::vector<Line> help_lines(const Canvas& canvas) {
  std::vector<Line> lines;
  const auto add = [&](Span left, const std::string& right) {
    Line line{padded(std::move(left), 14, canvas), {right}};
    for (Line& part : folded(line, canvas.width, 14, canvas.utf8())) lines.push_back(std::move(part));
  };
  const auto key = [&](const char* left, const char* right) { add({left, Tone::strong}, right); };
  key("up down k j", "choose a service; on other pages scroll, as PgUp PgDn Home End do");
  key("Enter", "all of the chosen service, with its timeline; Esc goes back");
  key("e", "why: what was decided of it, and from which readings");
  key("a", "acknowledge its open incident: you are on it; asks for a comment");
  key("h", "hold it: measured on, not acted upon; asks for how long and why");
  key("r", "roll it back now; asks for the word rollback, and why");
  key("c d", "confirm or decline the rollback that waits for an answer; ask why");
  key("Ctrl-L", "paint everything anew");
  key("q", "quit; the daemon goes on");
  lines.push_back({});
  for (const Mark mark : {Mark::normal, Mark::alert, Mark::critical, Mark::blind, Mark::unknown}) {
    const char* means = mark == Mark::normal     ? "within its limits"
                        : mark == Mark::alert    ? "beyond the first limit"
                        : mark == Mark::critical ? "beyond the second limit for long enough: reason for a rollback"
                        : mark == Mark::blind    ? "cannot be read: no reason for anything, and no deployment can begin"
                                                 : "not measured, or too little of it";
    Line line{sign_of(mark, canvas), {" "}, padded(word_of(mark), 12, canvas), {means}};
    for (Line& part : folded(line, canvas.width, 14, canvas.utf8())) lines.push_back(std::move(part));
  }
  add({"(alert)"}, "only observed, or so before the deployment already: leads to no rollback");
  lines.push_back({});
  const Signs& signs = canvas.signs();
  add({std::string(signs.done) + " " + signs.failed + " " + signs.left_out + " " + signs.pending},
      "steps: done, failed, left out, still to come");
  add({signs.begun, Tone::strong}, "in a curve: where the deployment began");
  add({std::string(signs.full) + signs.full + signs.rest + signs.rest, Tone::strong},
      "evidence: how much there is of what is needed to decide");
  add({"times"}, "UTC");
  return lines;
}

} // namespace backstop::ctl::screen
