#pragma once
#include "daemon/ctl/screen/drawing.hpp"
#include "daemon/ctl/screen/view.hpp"

namespace backstop::ctl::screen {

/// The last line: the keys that mean something now, those that are asked for first.
Line key_line(const View& view, const Canvas& canvas);
/// All keys, and what each sign means.
std::vector<Line> help_lines(const Canvas& canvas);

} // namespace backstop::ctl::screen
