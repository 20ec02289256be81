#include "daemon/retention.hpp"
#include "daemon/codec.hpp"
#include "daemon/kept_state.hpp"
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

} // namespace

std::set<std::string> needed_subjects(const State& state, Time older_than) {
  std::set<std::string> needed;
  for (auto& [root, group] : groups_of(state, older_than))
    if (group.needed) needed.insert(group.subjects.begin(), group.subjects.end());
  return needed;
}

OldRecords::OldRecords(const State& state, Time older_than, std::string boot)
    : older_than_(older_than), boot_(std::move(boot)), needed_(needed_subjects(state, older_than)),
      gone_(state.removed), end_(state.last_record) {
  for (const auto& [key, entry] : state.outbox) waiting_.insert(key);
}

bool OldRecords::may_go(const Record& record) const {
  if (record.type == DaemonStarted::kType && record.boot == boot_) return false;
  if (record.type == NoticeQueued::kType && waiting_.contains(record.payload.text("key"))) return false;
  const std::vector<std::string> subjects = subjects_of(record);
  return std::none_of(subjects.begin(), subjects.end(), [&](const std::string& id) { return needed_.contains(id); });
}

void OldRecords::join(const RemovedRecords& records, bool gone) {
  const std::uint64_t fresh = gone ? 0 : records.to - records.from + 1;
  if (stretches_.empty() || stretches_.back().records.to + 1 != records.from) {
    stretches_.push_back({records, fresh, !gone});
    return;
  }
  Stretch& last = stretches_.back();
  last.records.to = records.to;
  last.records.after = records.after;
  last.fresh += fresh;
  last.whole = last.whole && !gone;
}

bool OldRecords::take(const Record& record) {
  for (; next_gone_ < gone_.size() && gone_[next_gone_].to < record.seq; ++next_gone_) join(gone_[next_gone_], true);
  // Where a stretch ends the record behind it knows the hash of its last one.
  if (!stretches_.empty() && stretches_.back().records.to + 1 == record.seq)
    stretches_.back().records.after = record.prev_hash;
  if (record.time >= older_than_ || record.seq >= end_) return false;
  if (may_go(record)) join({record.seq, record.seq, record.prev_hash, ""}, false);
  return true;
}

/// Where there are too many, the short ones among the new are left.
OldRecords::Found OldRecords::found() const {
  std::vector<Stretch> chosen = stretches_;
  if (chosen.size() > kMostStretches) {
    std::stable_sort(chosen.begin(), chosen.end(), [](const Stretch& a, const Stretch& b) {
      return a.whole != b.whole ? b.whole : a.fresh > b.fresh;
    });
    chosen.resize(kMostStretches);
    std::sort(chosen.begin(), chosen.end(),
              [](const Stretch& a, const Stretch& b) { return a.records.from < b.records.from; });
  }
  Found found;
  for (Stretch& stretch : chosen) {
    found.now += stretch.fresh;
    found.removed.push_back(std::move(stretch.records));
  }
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
  if (!scan_) {
    if (now < next_look_) return false;
    next_look_ = now + limits.every;
    scan_.emplace(Scan{OldRecords(ledger_.state(), now - keep, ledger_.boot()), 0});
  }
  const Error enough = fail(Errc::refused, "enough");
  int looked = 0;
  bool over = false, paused = false;
  const Status read = journal_.read(scan_->at, [&](const Record& record) -> Status {
    scan_->at = record.seq;
    over = !scan_->old.take(record);
    paused = !over && ++looked == kLookedAtOnce;
    return over || paused ? Status(enough) : Status();
  });
  if (paused) return true;
  const OldRecords old = std::exchange(scan_, std::nullopt)->old;
  if (!read && !over) return read.error();
  OldRecords::Found found = old.found();
  if (found.now < limits.fewest) return false;
  // What became needed meanwhile, or is under way: another time.
  if (!ledger_.state().open.empty() || needed_subjects(ledger_.state(), old.older_than()) != old.needed()) {
    next_look_ = now + kPutOff;
    return false;
  }
  if (Status recorded = record(old, std::move(found), now); !recorded) return recorded.error();
  return false;
}

Status Retention::record(const OldRecords& old, OldRecords::Found found, Time now) {
  const State& state = ledger_.state();
  std::vector<StateSummed> summed(1);
  std::size_t bytes = 0;
  for (const auto& [key, service] : state.services) {
    KeptService kept = kept_of(service, old.older_than());
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
