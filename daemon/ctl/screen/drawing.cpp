#include "daemon/ctl/screen/drawing.hpp"
#include <algorithm>
#include <utility>

namespace backstop::ctl::screen {
namespace {

Span step_sign(Step::State state, const Canvas& canvas) {
  const Signs& signs = canvas.signs();
  switch (state) {
  case Step::State::pending: return {signs.pending, Tone::quiet};
  case Step::State::running: return {signs.spinner[canvas.turn % signs.spinner.size()], Tone::strong};
  case Step::State::waiting: return {signs.running, Tone::alert};
  case Step::State::done: return {signs.done, Tone::good};
  case Step::State::left_out: return {signs.left_out, Tone::alert};
  case Step::State::failed: return {signs.failed, Tone::critical};
  }
  return {};
}

bool is_at_hand(Step::State state) {
  return state == Step::State::running || state == Step::State::waiting || state == Step::State::failed;
}

/// The step whose output is worth its lines: the one that failed, else the last that printed something.
const Step* speaking(const Service& service) {
  const Step* last = nullptr;
  for (const Step& step : service.steps) {
    if (step.output.empty()) continue;
    if (step.state == Step::State::failed) return &step;
    last = &step;
  }
  return last;
}

void append(std::vector<Line>& lines, std::vector<Line> more) {
  std::move(more.begin(), more.end(), std::back_inserter(lines));
}

/// Items beside each other, as many as a line holds; further lines begin below the first item.
std::vector<Line> beside(const Span& title, const std::vector<Line>& items, const Canvas& canvas) {
  const int indent = columns_of({title}, canvas.utf8());
  const Span blank{std::string(static_cast<std::size_t>(indent), ' '), Tone::plain};
  std::vector<Line> lines{{title}};
  int used = indent;
  for (const Line& item : items) {
    const int columns = columns_of(item, canvas.utf8()) + 1;
    if (used + columns > canvas.width && used > indent) {
      lines.push_back({blank});
      used = indent;
    }
    lines.back().push_back({" ", Tone::plain});
    lines.back().insert(lines.back().end(), item.begin(), item.end());
    used += columns;
  }
  return lines;
}

} // namespace

Tone tone_of(Mark mark) {
  switch (mark) {
  case Mark::unknown: return Tone::quiet;
  case Mark::normal: return Tone::good;
  case Mark::blind:
  case Mark::alert: return Tone::alert;
  case Mark::critical: return Tone::critical;
  }
  return Tone::plain;
}

Span sign_of(Mark mark, const Canvas& canvas) {
  const Signs& signs = canvas.signs();
  switch (mark) {
  case Mark::unknown: return {signs.unknown, Tone::quiet};
  case Mark::normal: return {signs.normal, Tone::good};
  case Mark::blind: return {signs.blind, Tone::alert};
  case Mark::alert: return {signs.alert, Tone::alert};
  case Mark::critical: return {signs.critical, Tone::critical};
  }
  return {};
}

Span word_of(Mark mark) {
  switch (mark) {
  case Mark::unknown: return {"not yet", Tone::quiet};
  case Mark::normal: return {"normal", Tone::plain};
  case Mark::blind: return {"BLIND", Tone::alert};
  case Mark::alert: return {"alert", Tone::alert};
  case Mark::critical: return {"CRITICAL", Tone::critical};
  }
  return {};
}

Span padded(Span span, int columns, const Canvas& canvas) {
  std::vector<Glyph> glyphs = glyphs_of(span.text, canvas.utf8());
  int used = columns_of(glyphs);
  if (used > columns) {
    while (!glyphs.empty() && used > columns - 1) used -= glyphs.back().columns, glyphs.pop_back();
    glyphs.push_back({canvas.signs().cut, 1});
    ++used;
  }
  span.text.clear();
  for (const Glyph& glyph : glyphs) span.text += glyph.text;
  span.text.append(static_cast<std::size_t>(std::max(0, columns - used)), ' ');
  return span;
}

Line bar(double share, int columns, Tone tone, const Canvas& canvas) {
  const int full = std::clamp(static_cast<int>(share * columns + 0.5), share > 0 ? 1 : 0, columns);
  Span done{"", tone}, rest{"", Tone::quiet};
  for (int i = 0; i < columns; ++i)
    (i < full ? done : rest).text += i < full ? canvas.signs().full : canvas.signs().rest;
  return {done, rest};
}

std::vector<Line> trouble_lines(const Service& service, bool grave, const Canvas& canvas) {
  std::vector<Trouble> troubles;
  for (const Trouble& trouble : service.troubles)
    if (trouble.grave == grave) troubles.push_back(trouble);
  return trouble_lines(troubles, canvas);
}

std::vector<Line> trouble_lines(const std::vector<Trouble>& troubles, const Canvas& canvas) {
  std::vector<Line> lines;
  for (const Trouble& trouble : troubles) {
    Line line{{trouble.label, trouble.grave ? Tone::critical : Tone::alert},
              {(trouble.label.ends_with('?') ? " " : ": ") + trouble.text, Tone::plain}};
    std::vector<Line> parts = folded(line, canvas.width, 2, canvas.utf8());
    if (const Span keys{"  " + trouble.keys, Tone::strong}; !trouble.keys.empty()) {
      if (columns_of(parts.back(), canvas.utf8()) + columns_of({keys}, canvas.utf8()) > canvas.width)
        parts.emplace_back(); // keys stay together
      parts.back().push_back(keys);
    }
    append(lines, std::move(parts));
  }
  return lines;
}

std::vector<Line> plan_lines(const Service& service, const Canvas& canvas) {
  if (service.plan.empty()) return {};
  std::vector<Line> items;
  for (const PlanPhase& phase : service.plan)
    items.push_back({step_sign(phase.state, canvas),
                     {" " + phase.name + (phase.took.empty() ? "" : " " + phase.took),
                      is_at_hand(phase.state) ? Tone::strong : Tone::plain}});
  std::vector<Line> lines = beside({"plan    ", Tone::quiet}, items, canvas);
  if (!service.traffic.empty()) append(lines, folded({{service.traffic, Tone::plain}}, canvas.width, 9, canvas.utf8()));
  return lines;
}

std::vector<Line> step_lines(const Service& service, const Canvas& canvas) {
  if (service.steps.empty()) return {};
  std::vector<Line> lines, items;
  Span title{"rollback", Tone::quiet};
  const auto flush = [&] {
    if (items.empty()) return;
    append(lines, beside(title, std::exchange(items, {}), canvas));
    title = {"        ", Tone::plain};
  };
  for (const Step& step : service.steps) {
    const bool at_hand = is_at_hand(step.state), alone = canvas.whole || at_hand;
    if (alone) flush();
    Line item{step_sign(step.state, canvas), {" " + step.path + " " + step.name, at_hand ? Tone::strong : Tone::plain}};
    if (alone && !step.words.empty())
      item.push_back({"  " + step.words, step.state == Step::State::failed ? Tone::critical : Tone::plain});
    items.push_back(std::move(item));
    if (alone) flush();
  }
  flush();
  return lines;
}

std::vector<Line> output_lines(const Service& service, const Canvas& canvas) {
  constexpr std::size_t kTail = 3;
  const Step* step = speaking(service);
  if (!step) return {};
  std::vector<Line> lines{{{"last words of " + step->path + " " + step->name, Tone::quiet}}};
  const std::size_t most = canvas.whole ? step->output.size() : kTail;
  for (std::size_t i = step->output.size() - std::min(most, step->output.size()); i < step->output.size(); ++i)
    lines.push_back({{canvas.signs().output, Tone::quiet}, {" " + step->output[i], Tone::plain}});
  return lines;
}

std::vector<Line> phase_lines(const Service& service, const Canvas& canvas) {
  std::vector<Line> lines = folded({{service.phase, Tone::plain}}, canvas.width, 2, canvas.utf8());
  if (!service.progress) return lines;
  const int columns = std::clamp(canvas.width / 2, 8, 60);
  Line line = bar(service.progress->share, columns, Tone::strong, canvas);
  line.push_back({" " + service.progress->text, Tone::plain});
  lines.push_back(std::move(line));
  return lines;
}

} // namespace backstop::ctl::screen
