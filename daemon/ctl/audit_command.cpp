#include "daemon/chain_audit.hpp"
#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/layout.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "daemon/records.hpp"
#include "daemon/removed_records.hpp"
#include "daemon/views.hpp"
#include <algorithm>
#include <set>

namespace backstop::ctl {
namespace {

struct Audited {
  std::vector<ChainFinding> found;
  ChainAudit::Removed removed;
  bool anchor_removed = false;
  std::uint64_t records = 0;
  ChainEnd end;
  Time first{}, last{};
  std::set<std::string> unknown; ///< types that this program does not know
  std::string broken;            ///< why not all of the file could be read
};

Result<Audited> audited(const AuditVerify& wanted) {
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open_damaged(wanted.path);
  if (!journal) return journal.error();
  Audited out;
  ChainAudit audit(wanted.anchor.empty() ? std::nullopt : chain_anchor(wanted.anchor));
  const Status read =
      (*journal)->read_stored([&](const Record& record, std::string_view payload, const std::string& hash) {
        if (out.first == Time{}) out.first = record.time;
        out.last = record.time;
        audit.take(record, payload, hash);
        const Result<Payload> known = decode(record); // without its payload: only whether the type is known
        if (!known && known.error().code == Errc::newer) out.unknown.insert(record.type);
      });
  if (!read) out.broken = read.error().what;
  out.records = audit.records();
  out.end = audit.last();
  out.found = audit.end();
  out.removed = audit.removed();
  out.anchor_removed = audit.anchor_removed();
  return out;
}

Json json_of(const AuditVerify& wanted, const Audited& audit) {
  Json found = Json::array(), unknown = Json::array(), removed = Json::array();
  for (const RemovedRecords& r : audit.removed.records)
    removed.push(Json::object().set("from", r.from).set("to", r.to));
  for (const ChainFinding& f : audit.found)
    found.push(Json::object().set("kind", name_of(f.kind)).set("from", f.from).set("to", f.to).set("what", text_of(f)));
  for (const std::string& type : audit.unknown) unknown.push(type);
  return Json::object()
      .set("path", wanted.path)
      .set("good", audit.found.empty() && audit.broken.empty())
      .set("records", audit.records)
      .set("first", wall(audit.first))
      .set("last", wall(audit.last))
      .set("end", std::to_string(audit.end.seq) + ":" + audit.end.hash)
      .set("anchored", !wanted.anchor.empty() && !audit.anchor_removed)
      .set("removed", std::move(removed))
      .set("found", std::move(found))
      .set("unknown_types", std::move(unknown))
      .set("unreadable", audit.broken.empty() ? Json() : Json(audit.broken));
}

/// What a person may compare with journal.keep.
std::string removed_lines(const Audited& audit) {
  const std::vector<RemovedRecords>& gone = audit.removed.records;
  if (gone.empty()) return "";
  constexpr std::size_t shown = 5;
  std::string which;
  for (std::size_t i = 0; i < std::min(shown, gone.size()); ++i) {
    which += (i == 0 ? "" : ", ") + std::to_string(gone[i].from);
    if (gone[i].to != gone[i].from) which += " to " + std::to_string(gone[i].to);
  }
  if (gone.size() > shown) which += " and " + std::to_string(gone.size() - shown) + " more stretches";
  return "  " + std::to_string(count_of(gone)) + " old records are not kept any more: " + which +
         "\n  so says record " + std::to_string(audit.removed.said_by) + " of " +
         day_and_clock(wall(audit.removed.said)) + ": older than " + day_and_clock(wall(audit.removed.older_than)) +
         " (journal.keep)\n";
}

std::string page_of(const AuditVerify& wanted, const Audited& audit, const Style& style) {
  const bool good = audit.found.empty() && audit.broken.empty();
  std::string out = wanted.path + ": " + (good ? "as it was written" : red(style, "NOT as it was written")) + "\n";
  for (const ChainFinding& f : audit.found) out += "  " + text_of(f) + "\n";
  if (!audit.broken.empty())
    out += "  the file is damaged, the rest cannot be read: " + wrapped(audit.broken, 4) + "\n";
  out += "  " + std::to_string(audit.records) + (audit.records == 1 ? " record" : " records");
  if (audit.records > 0)
    out += ", from " + day_and_clock(wall(audit.first)) + " to " + day_and_clock(wall(audit.last)) + "\n  ends with " +
           std::to_string(audit.end.seq) + ":" + audit.end.hash;
  out += "\n";
  if (audit.records == 0)
    out += "  where that is a copy, the records may be in the -wal of the original, which was not copied:\n"
           "  sqlite3 ORIGINAL \".backup COPY\" copies all\n";
  out += removed_lines(audit);
  for (const std::string& type : audit.unknown)
    out += "  a newer backstop wrote records of type " + type + ": they are whole; what they say is not known here\n";
  if (good && wanted.anchor.empty())
    out += "  that records were cut off at the end, or all were written anew, does not show in the file alone:\n"
           "  give --anchor what journalctl -u backstopd -g 'the journal ends' shows\n";
  if (audit.anchor_removed)
    out += "  NOT compared with the anchor: its record is not kept any more; give a newer one\n";
  if (!good)
    out += "what to do: keep a copy of it, ask who could write it; what of it is good: backstopctl journal check\n";
  return out;
}

} // namespace

Said run_audit_verify(const Invocation& invocation, const AuditVerify& wanted) {
  const Result<Audited> audit = audited(wanted);
  if (!audit) return wrong(audit.error().what);
  const bool good = audit->found.empty() && audit->broken.empty();
  return {good ? kDone : kInputError,
          invocation.json ? json_of(wanted, *audit).dump(2) + "\n"
                          : page_of(wanted, *audit, terminal_style(invocation)),
          ""};
}

} // namespace backstop::ctl
