#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/journal_pages.hpp"
#include "daemon/ctl/terminal.hpp"

namespace backstop::ctl {

Said run_journal_check(const Invocation& invocation, const JournalCheck& check) {
  const Result<JournalReport> report = check_journal(check.path);
  if (!report) return wrong(report.error().what);
  return {report->fault ? kInputError : kDone,
          invocation.json ? journal_report_json(*report).dump(2) + "\n"
                          : journal_check_page(*report, terminal_style(invocation)),
          ""};
}

Said run_journal_restore(const Invocation& invocation, const JournalRestore& restore) {
  const Result<RestoredJournal> restored = restore_journal(restore.path);
  if (!restored)
    return {restored.error().code == Errc::busy ? kRefused : kInputError, "", complaint(restored.error().what)};
  if (!invocation.json) return {kDone, journal_restore_page(*restored), ""};
  return {kDone,
          Json::object()
                  .set("file", restored->file)
                  .set("caveat", restored->caveat)
                  .set("found", journal_report_json(restored->found))
                  .dump(2) +
              "\n",
          ""};
}

} // namespace backstop::ctl
