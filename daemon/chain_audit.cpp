#include "daemon/chain_audit.hpp"
#include "daemon/codec.hpp"
#include "daemon/removed_records.hpp"
#include <algorithm>
#include <cctype>
#include <charconv>

namespace backstop {
namespace {

constexpr std::int64_t kFarthest = 64;                     ///< places by which a record is looked for as moved
constexpr Duration kShortestKept = std::chrono::hours(24); ///< the least that `journal.keep` can be

/// By how much the seq is too high, where the record gives its hash with another one; zero: with none near.
std::int64_t shift_of(Record record, std::string_view payload, const std::string& hash) {
  const std::uint64_t stands = record.seq;
  for (std::int64_t far = 1; far <= kFarthest; ++far) {
    for (const std::int64_t shift : {far, -far}) {
      if (shift > 0 && static_cast<std::uint64_t>(shift) >= stands) continue;
      record.seq = stands - static_cast<std::uint64_t>(shift);
      if (hash_of(record, payload) == hash) return shift;
    }
  }
  return 0;
}

std::string stretch(const ChainFinding& f) {
  if (f.from == f.to) return "record " + std::to_string(f.from);
  return "records " + std::to_string(f.from) + " to " + std::to_string(f.to);
}

} // namespace

std::string_view name_of(ChainFinding::Kind kind) {
  switch (kind) {
  case ChainFinding::Kind::changed: return "changed";
  case ChainFinding::Kind::replaced: return "replaced";
  case ChainFinding::Kind::missing: return "missing";
  case ChainFinding::Kind::moved: return "moved";
  case ChainFinding::Kind::cut_off: return "cut_off";
  case ChainFinding::Kind::not_anchor: return "not_anchor";
  }
  return "changed";
}

std::string text_of(const ChainFinding& f) {
  const bool one = f.from == f.to;
  switch (f.kind) {
  case ChainFinding::Kind::changed:
    return stretch(f) + (one ? " was changed: it does not give" : " were changed: they do not give") +
           " the hash that is stored with " + (one ? "it" : "them");
  case ChainFinding::Kind::replaced:
    return stretch(f) + " was changed together with its hash, or put in: record " + std::to_string(f.from + 1) +
           " was written behind another one";
  case ChainFinding::Kind::missing: return stretch(f) + (one ? " is missing" : " are missing");
  case ChainFinding::Kind::moved: {
    const auto shift = static_cast<std::uint64_t>(f.shift < 0 ? -f.shift : f.shift);
    const auto written = [&](std::uint64_t seq) { return f.shift > 0 ? seq - shift : seq + shift; };
    return stretch(f) + (one ? " was written as record " : " were written as records ") +
           std::to_string(written(f.from)) + (one ? "" : " to " + std::to_string(written(f.to))) + ": moved" +
           (one           ? ""
            : f.shift > 0 ? ", something was put in before them"
                          : ", something was taken out before them");
  }
  case ChainFinding::Kind::cut_off:
    return stretch(f) + (one ? " is" : " are") + " missing: the chain was cut off before the anchor";
  case ChainFinding::Kind::not_anchor:
    return stretch(f) + " has another hash than was noted: it, or one before it, was written anew";
  }
  return "";
}

std::optional<ChainAnchor> chain_anchor(std::string_view text) {
  ChainAnchor anchor;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, anchor.seq);
  if (error != std::errc{} || anchor.seq == 0 || at == end || *at != ':') return {};
  anchor.hash.assign(at + 1, end);
  for (char& c : anchor.hash) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return {};
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (anchor.hash.size() != ChainEnd{}.hash.size()) return {};
  return anchor;
}

void ChainAudit::note(ChainFinding::Kind kind, std::uint64_t seq, std::int64_t shift) {
  const bool stretches = kind == ChainFinding::Kind::changed || kind == ChainFinding::Kind::moved;
  if (stretches && !found_.empty()) {
    ChainFinding& last = found_.back();
    if (last.kind == kind && last.shift == shift && last.to + 1 == seq) return void(last.to = seq);
  }
  found_.push_back({kind, seq, seq, shift});
}

void ChainAudit::take(const Record& record, std::string_view payload, const std::string& hash) {
  ++records_;
  if (record.seq > last_.seq + 1)
    holes_.push_back({{last_.seq + 1, record.seq - 1, last_.hash, record.prev_hash}, last_time_});
  const std::string own = hash_of(record, payload);
  const bool good = own == hash;
  if (!good) {
    const std::int64_t shift = shift_of(record, payload, hash);
    note(shift == 0 ? ChainFinding::Kind::changed : ChainFinding::Kind::moved, record.seq, shift);
  } else if (record.seq == last_.seq + 1 && record.prev_hash != last_.hash && last_good_ && last_.seq > 0) {
    note(ChainFinding::Kind::replaced, last_.seq);
  } else if (record.seq == 1 && record.prev_hash != ChainEnd{}.hash) {
    note(ChainFinding::Kind::changed, 1); // nothing can come before it
  }
  if (good && record.type == JournalCompacted::kType) hear(record, payload);
  if (anchor_ && anchor_->seq == record.seq) {
    anchor_seen_ = true;
    if (own != anchor_->hash && good) note(ChainFinding::Kind::not_anchor, record.seq);
  }
  last_ = {record.seq, hash};
  last_good_ = good;
  last_time_ = record.time;
}

/// What one says of the records that are gone counts until the next one says it.
void ChainAudit::hear(const Record& record, std::string_view payload) {
  const Result<Json> read = Json::parse(std::string(payload));
  JournalCompacted said;
  if (!read || !from_json(*read, said) || said.older_than + kShortestKept > record.time) return;
  said_ = std::move(said);
  removed_.said_by = record.seq;
  removed_.said = record.time;
  removed_.older_than = said_.older_than;
}

/// Nothing: it is as was said. Of what was let go some may be there still.
std::optional<ChainFinding> ChainAudit::judged(const Hole& hole) {
  const RemovedRecords& gone = hole.records;
  const RemovedRecords* const said = next_removed(said_.removed, gone.from);
  const bool fits = said != nullptr && said->from <= gone.from && said->to >= gone.to &&
                    (gone.to < said->to || gone.after == said->after) && hole.before < said_.older_than;
  if (!fits) return ChainFinding{ChainFinding::Kind::missing, gone.from, gone.to, 0};
  if (gone.from == said->from && gone.before != said->before)
    return ChainFinding{ChainFinding::Kind::replaced, gone.from - 1, gone.from - 1, 0};
  removed_.records.push_back(gone);
  return {};
}

bool ChainAudit::anchor_removed() const {
  return anchor_ && !anchor_seen_ && is_removed(removed_.records, anchor_->seq);
}

std::vector<ChainFinding> ChainAudit::end() {
  for (const Hole& hole : holes_)
    if (const std::optional<ChainFinding> finding = judged(hole)) found_.push_back(*finding);
  std::stable_sort(found_.begin(), found_.end(),
                   [](const ChainFinding& a, const ChainFinding& b) { return a.from < b.from; });
  if (anchor_ && !anchor_seen_ && anchor_->seq > last_.seq)
    found_.push_back({ChainFinding::Kind::cut_off, last_.seq + 1, anchor_->seq, 0});
  return std::move(found_);
}

} // namespace backstop
