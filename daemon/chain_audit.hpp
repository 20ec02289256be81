#pragma once
#include "daemon/records.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Looks for every place at which a chain of records is not as it was written (`backstopctl audit verify`). Pure.
namespace backstop {

/// One place, or a stretch of records to which the same was done.
struct ChainFinding {
  enum class Kind {
    changed,    ///< contents do not give the stored hash
    replaced,   ///< changed together with its hash: the record behind it was written behind another one
    missing,    ///< taken out
    moved,      ///< written with another seq: `shift` says by how much it is too high now
    cut_off,    ///< the chain ends before the anchor
    not_anchor, ///< another record stands where the anchor was noted
  };
  Kind kind = Kind::changed;
  std::uint64_t from = 0, to = 0; ///< seqs, both included
  std::int64_t shift = 0;
  bool operator==(const ChainFinding&) const = default;
};
/// A sentence, without the file's name: "records 4 to 6 are missing".
std::string text_of(const ChainFinding& finding);
std::string_view name_of(ChainFinding::Kind kind);

/// What somebody noted elsewhere: this record had this hash.
struct ChainAnchor {
  std::uint64_t seq = 0;
  std::string hash;
};
/// "SEQ:HASH", the hash of 64 hex digits; small letters or capitals. Nothing: it is none.
std::optional<ChainAnchor> chain_anchor(std::string_view text);

/// Records are given as they are stored, in order of seq. What is recorded of a chain proves nothing about its end: records
/// cut off there leave a chain that is whole. Only an anchor shows that. Records that are not kept any more (journal.keep) are
/// no finding where the last good JournalCompacted names them, fits what stands around them, and lets go of nothing younger
/// than a day.
class ChainAudit {
public:
  explicit ChainAudit(std::optional<ChainAnchor> anchor = std::nullopt) : anchor_(std::move(anchor)) {}
  /// `payload` and `hash`: the bytes that are stored.
  void take(const Record& record, std::string_view payload, const std::string& hash);
  /// After the last one: all that was found, in order of seq.
  std::vector<ChainFinding> end();

  /// After end(): what is not kept any more, in order, the record that says so (0: none does), and when it was written.
  struct Removed {
    std::vector<RemovedRecords> records;
    std::uint64_t said_by = 0;
    Time said{}, older_than{};
  };
  [[nodiscard]] const Removed& removed() const { return removed_; }
  /// After end(): the record of the anchor is not kept any more, so that nothing can be compared with it.
  [[nodiscard]] bool anchor_removed() const;

  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] const ChainEnd& last() const { return last_; } ///< as stored

private:
  /// Records that are not there, and what stands around them.
  struct Hole {
    RemovedRecords records;
    Time before{}; ///< of the record before
  };
  void note(ChainFinding::Kind kind, std::uint64_t seq, std::int64_t shift = 0);
  void hear(const Record& record, std::string_view payload);
  [[nodiscard]] std::optional<ChainFinding> judged(const Hole& hole);

  std::optional<ChainAnchor> anchor_;
  bool anchor_seen_ = false;
  ChainEnd last_;
  bool last_good_ = true; ///< the contents of the last one give its hash
  Time last_time_{};
  std::vector<Hole> holes_;
  JournalCompacted said_;
  Removed removed_;
  std::uint64_t records_ = 0;
  std::vector<ChainFinding> found_;
};

} // namespace backstop
