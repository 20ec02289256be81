#include "daemon/ctl/terminal.hpp"
#include <sys/ioctl.h>
#include <unistd.h>

namespace backstop::ctl {

bool on_terminal() { return ::isatty(STDOUT_FILENO) != 0; }

Style terminal_style(const Invocation& invocation) {
  Style style;
  if (!on_terminal()) return style;
  style.color = invocation.color;
  winsize size{};
  style.width = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  return style;
}

} // namespace backstop::ctl
