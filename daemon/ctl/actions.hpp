#pragma once
#include "daemon/ctl/invocation.hpp"

namespace backstop::ctl {

/// Each runs one invocation, prints, and gives the exit code.
int run_call(const Invocation& invocation, const Call& call);
int run_wait(const Invocation& invocation, const Wait& wait);
int run_offline(const Invocation& invocation, const Offline& offline);
int run_check_config(const Invocation& invocation, const CheckConfig& check);
int run_check_metrics(const Invocation& invocation, const CheckMetrics& check);

/// "backstopctl: what" on standard error.
void complain(const std::string& text);
/// Colors are wanted, and standard output is a terminal.
bool use_color(const Invocation& invocation);

} // namespace backstop::ctl
