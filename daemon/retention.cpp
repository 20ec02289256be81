#include "daemon/retention.hpp"
#include "daemon/codec.hpp"
#include "daemon/kept_state.hpp"
#include "daemon/removed_records.hpp"
#include "daemon/seams.hpp"
#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace backstop {
namespace {

constexpr std::size_t kMostStretches = 3000;           ///< of one record: some 600 kB of text
constexpr std::size_t kMostSummed = kMaxPayload / 2;   ///< bytes of one record
constexpr int kLookedAtOnce = 64;                      ///< records: a few milliseconds
constexpr Duration kPutOff = std::chrono::minutes(10); ///< while something is under way

std::string about(const std::string& notice_key) { return notice_key.substr(0, notice_key.find('/')); }

/// What a record is about, whatever its type.
std::vector<std::string> subjects_of(const Record& record) {
  std::vector<std::string> subjects;
  for (const char* member : {"id", "deployment", "incident", "rollback"})
    if (std::string id = record.payload.text(member); !id.empty()) subjects.push_back(std::move(id));
  if (const std::string key = record.payload.text("key"); !key.empty()) subjects.push_back(about(key));
  return subjects;
}

/// A deployment, the rollback of it, and the incidents of both.
struct Group {
  std::set<std::string> subjects;
  bool needed = false;
};

bool is_settled(const IncidentState& incident, Time older_than) {
  return !incident.needs_care() && std::max(incident.resolved, incident.reviewed) < older_than;
}

/// The newest one of each service that began: it can still be rolled back.
std::set<std::string> newest_of_services(const State& state) {
  std::set<std::string> services, newest;
  for (auto id = state.deployment_order.rbegin(); id != state.deployment_order.rend(); ++id) {
    const DeploymentState* d = state.deployment(*id);
    if (d && d->begun != Time{} && services.insert(d->service).second) newest.insert(*id);
  }
  return newest;
}

std::map<std::string, Group> groups_of(const State& state, Time older_than) {
  std::map<std::string, Group> groups;
  const std::set<std::string> newest = newest_of_services(state);
  const auto of = [&](const std::string& id) -> Group& {
    const DeploymentState* d = state.deployment(id);
    const std::string& root = d && !d->rolls_back.empty() ? d->rolls_back : id;
    Group& group = groups[root];
    group.subjects.insert(root);
    group.subjects.insert(id);
    return group;
  };
  for (const auto& [id, d] : state.deployments) {
    Group& group = of(id);
    if (!is_final(d.phase) || d.ended >= older_than || newest.contains(id)) group.needed = true;
  }
  for (const auto& [id, incident] : state.incidents) {
    Group& group = of(incident.deployment.empty() ? id : incident.deployment);
    group.subjects.insert(id);
    if (!is_settled(incident, older_than)) group.needed = true;
  }
  for (const auto& [key, service] : state.services)
    if (!service.locked_by.empty()) of(service.locked_by).needed = true;
  for (const auto& [key, entry] : state.outbox) {
    const auto incident = state.incidents.find(about(key));
    const bool of_deployment = incident != state.incidents.end() && !incident->second.deployment.empty();
    of(of_deployment ? incident->second.deployment : about(key)).needed = true;
  }
  return groups;
}

/// Whether something would be removed of a subject that is needed now.
bool tears_needed(const State& state, Time older_than, const std::vector<RemovedRecords>& removed) {
  const std::set<std::string> needed = needed_subjects(state, older_than);
  return std::any_of(needed.begin(), needed.end(), [&](const std::string& id) {
    const DeploymentState* d = state.deployment(id);
    const auto incident = state.incidents.find(id);
    return (d && is_removed(removed, d->record)) ||
           (incident != state.incidents.end() && is_removed(removed, incident->second.record));
  });
}

} // namespace

std::set<std::string> needed_subjects(const State& state, Time older_than) {
  std::set<std::string> needed;
  for (auto& [root, group] : groups_of(state, older_than))
    if (group.needed) needed.insert(group.subjects.begin(), group.subjects.end());
  return needed;
}

OldRecords::OldRecords(const State& state, Time older_than, std::string boot, std::size_t most_stretches)
    : older_than_(older_than), boot_(std::move(boot)), most_(most_stretches),
      needed_(needed_subjects(state, older_than)), gone_(state.removed), end_(state.last_record) {
  for (const auto& [key, entry] : state.outbox) waiting_.insert(key);
  note_spans(state);
}

void OldRecords::note_spans(const State& state) {
  constexpr Duration before = std::chrono::minutes(30), behind = std::chrono::hours(1);
  std::vector<Span> all;
  for (const std::string& id : needed_) {
    const DeploymentState* d = state.deployment(id);
    if (!d) continue;
    all.push_back({d->requested - before, d->ended == Time{} ? kNever : d->ended + behind});
    if (d->begun != Time{}) begun_.push_back(d->begun);
  }
  std::sort(all.begin(), all.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
  for (const Span& span : all) {
    if (spans_.empty() || spans_.back().to < span.from)
      spans_.push_back(span);
    else
      spans_.back().to = std::max(spans_.back().to, span.to);
  }
  std::sort(begun_.begin(), begun_.end());
}

/// Of the records that name no subject: restarts, unlocks, holds that were in force, targets that came and went.
bool OldRecords::tells_of_needed(const Record& record) const {
  const auto behind = std::upper_bound(spans_.begin(), spans_.end(), record.time,
                                       [](Time t, const Span& span) { return t < span.from; });
  if (behind != spans_.begin() && record.time <= std::prev(behind)->to) return true;
  if (record.type != HoldSet::kType) return false;
  const auto begun = std::lower_bound(begun_.begin(), begun_.end(), record.time);
  return begun != begun_.end() && to_us(*begun) <= record.payload.integer("until_us");
}

bool OldRecords::may_go(const Record& record) const {
  if (record.type == DaemonStarted::kType && record.boot == boot_) return false;
  if (record.type == NoticeQueued::kType && waiting_.contains(record.payload.text("key"))) return false;
  const std::vector<std::string> subjects = subjects_of(record);
  if (subjects.empty()) return !tells_of_needed(record);
  return std::none_of(subjects.begin(), subjects.end(), [&](const std::string& id) { return needed_.contains(id); });
}

void OldRecords::join(const RemovedRecords& records) {
  std::vector<RemovedRecords>& all = found_.removed;
  if (all.empty() || all.back().to + 1 != records.from) return all.push_back(records);
  all.back().to = records.to;
  all.back().after = records.after;
}

bool OldRecords::take(const Record& record) {
  ++seen_;
  for (; next_gone_ < gone_.size() && gone_[next_gone_].to < record.seq; ++next_gone_) join(gone_[next_gone_]);
  std::vector<RemovedRecords>& all = found_.removed;
  const bool follows = !all.empty() && all.back().to + 1 == record.seq;
  // Where a stretch ends the record behind it knows the hash of its last one.
  if (follows) all.back().after = record.prev_hash;
  if (record.time >= older_than_ || record.seq >= end_) return false;
  if (full_ || !may_go(record)) return true;
  // Too many stretches: what is younger waits. A record in the middle must not go while an earlier one stays.
  full_ = !follows && all.size() + (gone_.size() - next_gone_) >= most_;
  if (full_) return true;
  join({record.seq, record.seq, record.prev_hash, ""});
  ++found_.now;
  return true;
}

OldRecords::Found OldRecords::found() const {
  Found found = found_;
  found.removed.insert(found.removed.end(), gone_.begin() + static_cast<std::ptrdiff_t>(next_gone_), gone_.end());
  return found;
}

Status Retention::let_go() {
  const std::uint64_t compacted = ledger_.state().compacted;
  if (compacted == let_go_) return {};
  if (Status told = journal_.let_go(compacted); !told) return told;
  let_go_ = compacted;
  return {};
}

Result<bool> Retention::go_on(Duration keep, const Limits& limits, Time now) {
  if (!ledger_.idle()) return false;
  if (Status told = let_go(); !told) return told.error();
  if (next_look_ == Time{}) next_look_ = now + limits.first;
  if (!scan_) {
    // What is gone was older than that: while `keep` is longer than it was, there can be nothing more.
    if (now < next_look_ || now - keep < ledger_.state().removed_before) return false;
    next_look_ = now + limits.every;
    scan_.emplace(Scan{OldRecords(ledger_.state(), now - keep, ledger_.boot(), limits.most_stretches), 0, false});
  }
  Result<bool> more = look(limits, now);
  if (!more) scan_.reset();
  return more;
}

Result<bool> Retention::look(const Limits& limits, Time now) {
  const Error enough = fail(Errc::refused, "enough");
  int looked = 0;
  bool paused = false;
  if (!scan_->over) {
    const Status read = journal_.read(scan_->at, [&](const Record& record) -> Status {
      scan_->at = record.seq;
      scan_->over = !scan_->old.take(record);
      paused = !scan_->over && ++looked == kLookedAtOnce;
      return scan_->over || paused ? Status(enough) : Status();
    });
    if (paused) return true;
    if (!read && !scan_->over) return read.error();
    scan_->over = true;
  }
  if (!ledger_.state().in_phase(Phase::rolling_back).empty())
    return false; // the loop has better things to do: a minute later
  const OldRecords old = std::exchange(scan_, std::nullopt)->old;
  OldRecords::Found found = old.found();
  if (found.now < limits.fewest || found.now < old.seen() / 10) return false;
  if (tears_needed(ledger_.state(), old.older_than(), found.removed)) return false; // by a command since: another time
  if (Status recorded = record(old, std::move(found), now); !recorded) return recorded.error();
  return false;
}

Status Retention::record(const OldRecords& old, OldRecords::Found found, Time now) {
  const State& state = ledger_.state();
  std::vector<StateSummed> summed(1);
  std::size_t bytes = 0;
  for (const auto& [key, service] : state.services) {
    KeptService kept = kept_of(service);
    const std::size_t more = to_json(kept).dump().size();
    if (bytes > 0 && bytes + more > kMostSummed) {
      summed.emplace_back();
      bytes = 0;
    }
    bytes += more;
    summed.back().services.push_back(std::move(kept));
  }
  JournalCompacted compacted;
  compacted.removed = std::move(found.removed);
  compacted.older_than = old.older_than();
  compacted.records = static_cast<std::int64_t>(found.now);
  compacted.next_deployment = state.next_deployment;
  compacted.next_incident = state.next_incident;
  compacted.next_decision = state.next_decision;
  compacted.next_notice = state.next_notice;
  for (const auto& [service, hold] : state.holds)
    compacted.holds.push_back({service, hold.by, hold.reason, hold.until});
  compacted.dead_letters = state.dead_letters;
  std::vector<Payload> payloads(std::make_move_iterator(summed.begin()), std::make_move_iterator(summed.end()));
  payloads.emplace_back(std::move(compacted));
  for (const Payload& payload :
       payloads) // one that the journal does not take would keep all behind it from being written
    if (encode(payload).dump().size() > kMaxPayload)
      return fail(Errc::too_large,
                  "old records stay: what is known of a service, or the list of what is gone, is too long "
                  "for one record");
  for (Payload& payload : payloads) ledger_.add(std::move(payload), now);
  return {};
}

} // namespace backstop
