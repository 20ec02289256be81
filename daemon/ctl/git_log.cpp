#include "daemon/ctl/git_log.hpp"

namespace backstop::ctl {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kShown = 200;

/// As git writes them: SHA-1 or SHA-256.
bool is_hash(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && text.find_first_not_of(kHex) == std::string_view::npos;
}

} // namespace

Result<GitRange> git_range(const std::string& given, const std::string& previous, const std::string& version) {
  GitRange range{given, ""};
  const std::size_t colon = given.rfind(':'); // no name of git's has one
  if (colon != std::string::npos && given.find("..", colon) != std::string::npos) {
    range = {given.substr(0, colon), given.substr(colon + 1)};
  } else if (previous.empty()) {
    return fail(Errc::invalid, "no version was known before; say which commits: --git DIR:FROM..TO");
  } else {
    range.range = previous + ".." + version;
  }
  if (range.folder.empty()) range.folder = ".";
  if (range.range.front() == '-') return fail(Errc::invalid, "'" + range.range + "' is no range of commits");
  return range;
}

/// A repository's own configuration may name programs: a pager, one that checks signatures, one that fetches what a partial
/// clone lacks.
std::vector<std::string> git_command(const GitRange& range) {
  return {"git",
          "--no-pager",
          "-c",
          "protocol.allow=never",
          "-C",
          range.folder,
          "log",
          "-z",
          "--no-merges",
          "--no-show-signature",
          "--no-color",
          "--encoding=UTF-8",
          "--no-notes",
          "--no-patch",
          "--format=tformat:%H%n%B",
          "--end-of-options",
          range.range,
          "--"};
}

Result<std::vector<report::Commit>> commits_in(std::string_view output) {
  std::vector<report::Commit> commits;
  while (!output.empty()) {
    const std::size_t end = output.find('\0');
    const std::string_view one = output.substr(0, end);
    const std::size_t line = one.find('\n');
    const std::string_view hash = one.substr(0, line);
    if (!is_hash(hash) || end == std::string_view::npos)
      return fail(Errc::invalid, "git: " + std::string(one.substr(0, kShown)));
    commits.push_back({std::string(hash), line == std::string_view::npos ? "" : std::string(one.substr(line + 1))});
    output.remove_prefix(end + 1);
  }
  return commits;
}

} // namespace backstop::ctl
