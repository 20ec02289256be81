#include "daemon/ctl/journal_pages.hpp"
#include "daemon/ctl/render.hpp"
#include "daemon/views.hpp"

namespace backstop::ctl {
namespace {

constexpr std::size_t kShown = 20; ///< of the records left out

std::string counted(std::uint64_t records) { return std::to_string(records) + (records == 1 ? " record" : " records"); }

std::string span(const JournalReport& report) {
  if (report.records == 0) return "no record";
  return counted(report.records) + ", from " + day_and_clock(wall(report.first)) + " to " +
         day_and_clock(wall(report.last)) +
         (report.removed == 0 ? "" : "; " + std::to_string(report.removed) + " older are not kept any more");
}

/// The error without the path in front, which the page has said already.
std::string fault_text(const JournalReport& report) {
  std::string what = report.fault->what;
  if (what.rfind(report.path + ": ", 0) == 0) what.erase(0, report.path.size() + 2);
  return printable_text(what);
}

std::string beyond_table(const JournalReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const SqliteJournal::Glimpse& g : report.beyond) {
    if (rows.size() == kShown) break;
    rows.push_back(
        {std::to_string(g.seq), day_and_clock(wall(g.time)), printable_text(g.type), printable_text(g.subject)});
  }
  const std::string more =
      report.beyond.size() > kShown ? "  and " + std::to_string(report.beyond.size() - kShown) + " more\n" : "";
  return table(rows, "  ") + more;
}

} // namespace

std::string journal_check_page(const JournalReport& report, const Style& style) {
  if (!report.fault)
    return report.path + ": good, " + span(report) + "\n  last hash " + report.end.hash +
           "\n  compare it with one noted elsewhere: that records were cut off at the end shows nowhere else\n";
  if (report.fault->code == Errc::newer)
    return report.path + ": " + wrapped(fault_text(report), 2) +
           "\n  good as far as this version can read: " + span(report) + "\n";
  std::string out = report.path + ": " + red(style, "DAMAGED") + "\n  first fault: " + wrapped(fault_text(report), 2) +
                    "\n  good before it: " + span(report) + "\n";
  out += "  behind it: " +
         (report.beyond.empty() ? std::string("nothing that can be read")
                                : counted(report.beyond.size()) + " that can be read, unchecked") +
         "\n";
  out += "what to do, with the daemon stopped:\n  put a backup back, if one is newer than the good part "
         "(docs/operations.md)\n";
  if (report.records > 0) out += "  else save the good part: backstopctl journal restore " + report.path + "\n";
  return out;
}

std::string journal_restore_page(const RestoredJournal& restored) {
  const JournalReport& found = restored.found;
  std::string out = restored.file + "\n  holds " + span(found) + "\n  ends before: " + wrapped(fault_text(found), 2) +
                    "\n" + found.path + "\n  is as it was\n";
  out += found.beyond.empty() ? "  what stood behind it cannot be read\n"
                              : "left out, unchecked (" + counted(found.beyond.size()) + "):\n" + beyond_table(found);
  out += "what to do, with the daemon stopped and no step running (pgrep backstop-step finds nothing):\n";
  if (!restored.caveat.empty()) out += "  " + restored.caveat + "\n";
  out += "  move away: " + found.path + ", -wal and -shm beside it, and the folder steps/\n  mv " + restored.file +
         " " + found.path +
         "\n  start the daemon, then compare `backstopctl status` and `quarantine list` with what you know:"
         "\n  what was left out did happen, and the daemon does not know it any more\n";
  return out;
}

Json journal_report_json(const JournalReport& report) {
  Json beyond = Json::array();
  for (const SqliteJournal::Glimpse& g : report.beyond)
    beyond.push(Json::object()
                    .set("seq", static_cast<std::int64_t>(g.seq))
                    .set("time", wall(g.time))
                    .set("type", g.type)
                    .set("subject", g.subject));
  return Json::object()
      .set("path", report.path)
      .set("good", !report.fault)
      .set("records", static_cast<std::int64_t>(report.records))
      .set("removed", static_cast<std::int64_t>(report.removed))
      .set("first", wall(report.first))
      .set("last", wall(report.last))
      .set("last_hash", report.end.hash)
      .set("fault", report.fault ? Json(report.fault->what) : Json())
      .set("beyond", std::move(beyond));
}

} // namespace backstop::ctl
