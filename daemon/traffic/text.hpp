#pragma once
#include <string>
#include <string_view>

namespace backstop::traffic {

/// What another program said, fit for one line of ours: lines are joined by "; ", control characters become '?', and what is
/// longer than `most` bytes is cut.
std::string one_line(std::string_view text, std::size_t most = 300);

/// The text of an errno as it stands within a sentence: "permission denied".
std::string error_text(int error);

} // namespace backstop::traffic
