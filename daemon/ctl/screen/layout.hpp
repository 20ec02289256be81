#pragma once
#include "daemon/ctl/screen/grid.hpp"
#include "daemon/ctl/screen/view.hpp"

/// Where everything stands. Pure: a view and a size in, cells out.
namespace backstop::ctl::screen {

struct Screenful {
  Grid grid;
  int most_scroll = 0; ///< further than this there is nothing
};
Screenful lay_out(const View& view, Size size, const Capabilities& capabilities);

} // namespace backstop::ctl::screen
