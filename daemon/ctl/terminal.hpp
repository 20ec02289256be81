#pragma once
#include "daemon/ctl/invocation.hpp"
#include "daemon/ctl/layout.hpp"

namespace backstop::ctl {

/// Standard output is a terminal.
bool on_terminal();
/// Colors where they are wanted and standard output is a terminal, and its width.
Style terminal_style(const Invocation& invocation);

} // namespace backstop::ctl
