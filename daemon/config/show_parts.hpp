#pragma once
#include "daemon/config/config.hpp"
#include "daemon/config/lines.hpp"
#include <string>
#include <vector>

namespace backstop::config {

void show_indicator(const Indicator& indicator, Lines& out);
/// The resolved rows and criteria.
void show_rules(const Service& service, Lines& out);
void show_rollback(const Service& service, Lines& out);
void show_traffic(const Traffic& traffic, Lines& out);
/// Its phases and steps, as they are carried out.
void show_plan(const Plan& plan, Lines& out);
void show_gates(const Service& service, Lines& out);
/// What a step does, with everything that belongs to its kind.
std::vector<std::string> words_of(const Step& step);
std::vector<std::string> words_of(const RunStep& run);
void show_page(const Page& page, Lines& out);
void show_channel(const Channel& channel, Lines& out);

/// Arguments with blanks or quotes in them between quotes, as a shell would want them.
std::string show_argv(const std::vector<std::string>& argv);
/// "/opt/x/version (timeout 10s)"
std::string show_command(const Command& command);

} // namespace backstop::config
