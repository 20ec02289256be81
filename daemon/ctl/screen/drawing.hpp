#pragma once
#include "daemon/ctl/screen/grid.hpp"
#include "daemon/ctl/screen/model.hpp"

/// The parts of the screen as lines. Pure.
namespace backstop::ctl::screen {

/// What lines are drawn for.
struct Canvas {
  int width = 80;
  Capabilities capabilities;
  unsigned turn = 0;  ///< of the spinner
  bool whole = false; ///< all of it, for a page that scrolls; else what matters now

  [[nodiscard]] bool utf8() const { return capabilities.utf8; }
  [[nodiscard]] const Signs& signs() const { return signs_of(capabilities.utf8); }
};

/// Sign, word and tone of a level: never the color alone.
Span sign_of(Mark mark, const Canvas& canvas);
Span word_of(Mark mark);
Tone tone_of(Mark mark);
/// `text` with spaces up to `columns`, cut off where it is longer.
Span padded(Span span, int columns, const Canvas& canvas);

/// "####......"
Line bar(double share, int columns, Tone tone, const Canvas& canvas);
/// The newest values at the right edge, with the deployment's begin between the value before it and its first; at most a third is
/// of the time before it once it lasts. Heights reach from the lowest to the highest of the values and the threshold;
/// what is beyond the threshold has the tone of the level.
Line sparkline(const Indicator& indicator, int columns, const Canvas& canvas);

std::vector<Line> indicator_lines(const Service& service, const Canvas& canvas);
std::vector<Line> trouble_lines(const std::vector<Trouble>& troubles, const Canvas& canvas);
std::vector<Line> trouble_lines(const Service& service, bool grave, const Canvas& canvas);
std::vector<Line> plan_lines(const Service& service, const Canvas& canvas);
/// The steps of the rollback, and of the one that matters the last lines that it printed.
std::vector<Line> step_lines(const Service& service, const Canvas& canvas);
std::vector<Line> output_lines(const Service& service, const Canvas& canvas);
/// What is under way, and how far it is.
std::vector<Line> phase_lines(const Service& service, const Canvas& canvas);

} // namespace backstop::ctl::screen
