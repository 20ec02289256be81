#pragma once
#include "daemon/config/config.hpp"
#include "daemon/seams.hpp"
#include "rules/result.hpp"
#include <map>
#include <string>
#include <string_view>

namespace backstop {

/// Builds the command that `order` means by a service's file: placeholders expanded, the lock taken for steps that act.
/// The daemon builds what it runs itself; the privileged runner builds the same from its own copy of the file, so that
/// nothing but these fields comes from outside. Errc::not_found: the file has no such step or command.
Result<StepCommand> command_for(const config::Service& service, const StepOrder& order);

/// The command that delivers one notice through a channel of type command. The fields are those of the notice.
Result<StepCommand> command_for(const config::Channel& channel, const StepOrder& order);

/// Whether an order from outside may be carried out: known fields alone, versions that are versions, ids that are ids,
/// texts bounded and free of control characters. Errc::invalid says which field and why.
Status check_order(const StepOrder& order);

/// `text` with every control character turned into a space, cut to what a field of an order may hold.
std::string one_line(std::string text);

/// What a version may look like: letters, digits and . _ + -, at most 128, starting with a letter or digit, so that it can
/// be no option and no path.
bool is_version(std::string_view version);

} // namespace backstop
