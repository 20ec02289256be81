#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/git_log.hpp"
#include "daemon/ctl/program.hpp"
#include "daemon/ctl/render.hpp"
#include "daemon/ctl/report_material.hpp"
#include "daemon/frozen_config.hpp"
#include "daemon/io/files.hpp"
#include "daemon/report/release_notes.hpp"
#include <chrono>

namespace backstop::ctl {
namespace {

constexpr Duration kGitTimeout = std::chrono::seconds(60);
constexpr std::size_t kMostOfAFile = std::size_t{4} << 20;

Status add_file(report::Changes& changes, const std::string& path, const std::string& version) {
  const Result<std::string> text = read_file(path, kMostOfAFile);
  if (!text) return text.error();
  if (const Status added = report::add_changelog(changes, *text, version); !added)
    return fail(added.error().code, path + ": " + added.error().what);
  changes.sources.push_back(path);
  return {};
}

Status add_git(report::Changes& changes, const std::string& given, const report::Story& story) {
  const Result<GitRange> range = git_range(given, story.previous, story.version);
  if (!range) return range.error();
  const Result<std::string> answer = output_of(git_command(*range), kGitTimeout);
  if (!answer) {
    const std::string& what = answer.error().what;
    return fail(answer.error().code, what.substr(0, what.find_last_not_of('\n') + 1) + "; asked for " + range->range +
                                         ", another range: --git DIR:FROM..TO");
  }
  const Result<std::vector<report::Commit>> commits = commits_in(*answer);
  if (!commits) return commits.error();
  report::add_commits(changes, *commits);
  changes.sources.push_back(std::to_string(commits->size()) + (commits->size() == 1 ? " commit" : " commits") +
                            " of git, " + range->range);
  return {};
}

} // namespace

Said run_release_notes(const Invocation& invocation, const ReleaseNotes& wanted) {
  FetchedMaterial got = material_of(invocation, wanted.id, wanted.from);
  if (got.fault.exit_code != kDone) return got.fault;
  if (!got.material.incident.empty())
    return wrong(wanted.id + " is an incident; release notes are of its deployment, " + got.material.deployment);
  const Result<report::Report> report = report::report_of(got.material, read_frozen);
  if (!report) return wrong(report.error().what);
  report::Changes changes;
  if (!wanted.fragments.empty()) {
    if (const Status added = add_file(changes, wanted.fragments, report->story.version); !added)
      return wrong(printable_text(added.error().what));
  }
  if (!wanted.git.empty()) {
    if (const Status added = add_git(changes, wanted.git, report->story); !added)
      return wrong(printable_text(added.error().what));
  }
  const report::Document notes = report::release_notes(*report, changes, local_clock);
  return written(wanted.file, wanted.html ? report::html_of(notes) : report::markdown_of(notes),
                 printable_text(notes.title));
}

} // namespace backstop::ctl
