#pragma once
#include "daemon/report/report.hpp"
#include "rules/result.hpp"
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What changed with a version, as people who use it are told.
namespace backstop::report {

struct Commit {
  std::string hash, message; ///< the message with its body
};

/// Of one version. Texts of others, as they were written, without line ends.
struct Changes {
  std::vector<std::string> features, fixes, breaking, deprecations, performance, dependencies, security, other;
  std::vector<std::string> migration, known_issues, support;
  std::size_t inner = 0;            ///< commits of kinds that change nothing for who uses it: docs, test, chore ...
  std::vector<std::string> sources; ///< where they were read: "12 commits, v1..v2"; empty: nobody told
};

/// Sorted by the types of Conventional Commits 1.0.0 (conventionalcommits.org). `commits`: the newest first. One that another
/// one of them reverts is left out with it; a subject without a type counts as `other`.
void add_commits(Changes& changes, std::span<const Commit> commits);

/// The section of `version` in a file as Keep a Changelog 1.1.0 (keepachangelog.com) describes it, or all of a file that has
/// sections of no version. What was removed counts as breaking; besides its headings there are "Breaking changes",
/// "Performance", "Dependencies", "Migration", "Known issues" and "Support". Items of other headings become `other`.
/// Errors: not_found where it has versions, but not this one.
Status add_changelog(Changes& changes, std::string_view text, std::string_view version);

/// The notes, with figures of the deployment that brought the version out.
Document release_notes(const Report& report, const Changes& changes, const LocalTime& local);

} // namespace backstop::report
