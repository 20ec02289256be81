#pragma once
#include "daemon/report/release_notes.hpp"
#include "rules/result.hpp"
#include <string>
#include <string_view>
#include <vector>

/// The commits of a range, as git tells them.
namespace backstop::ctl {

struct GitRange {
  std::string folder, range; ///< "v1..v2"
};
/// "DIR" or "DIR:FROM..TO"; without a range the one from `previous` to `version`. Errors: invalid where `previous` is needed
/// and not known, or a name could be taken for an option.
Result<GitRange> git_range(const std::string& given, const std::string& previous, const std::string& version);
/// What asks git for it; nothing of the range can be an option, and git runs no other program.
std::vector<std::string> git_command(const GitRange& range);
/// Its answer, the newest first. Errors: invalid where it is no such answer.
Result<std::vector<report::Commit>> commits_in(std::string_view output);

} // namespace backstop::ctl
