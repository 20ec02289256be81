#pragma once
#include "daemon/ledger.hpp"
#include "daemon/records.hpp"
#include "daemon/state.hpp"
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Which records are not kept any more (`journal.keep`), see docs/decisions/0052.
namespace backstop {

/// The deployments, incidents and other subjects whose records stay, however old they are: what is under way, what ended not
/// long enough ago, the newest deployment of each service, an incident that is open or not reviewed, what waits to be sent.
std::set<std::string> needed_subjects(const State& state, Time older_than);

/// Goes through the records in order and says which of them may go. Pure. What goes of a subject is always what is first of it:
/// what is left of it then means nothing by itself.
class OldRecords {
public:
  /// `boot`: the present one; how its time was anchored stays. `most_stretches`: so that they fit in one record.
  OldRecords(const State& state, Time older_than, std::string boot, std::size_t most_stretches);

  /// False: this one is too young, and so are all behind it; it need not be gone on.
  bool take(const Record& record);
  struct Found {
    std::vector<RemovedRecords> removed; ///< all that is gone or may go, in order
    std::uint64_t now = 0;               ///< how many of them are not gone yet
  };
  [[nodiscard]] Found found() const;                         ///< after that
  [[nodiscard]] std::uint64_t seen() const { return seen_; } ///< records that are there
  [[nodiscard]] Time older_than() const { return older_than_; }

private:
  /// When a needed deployment was of interest: what is about no subject stays too, as its report may tell of it.
  struct Span {
    Time from{}, to{};
  };
  [[nodiscard]] bool may_go(const Record& record) const;
  [[nodiscard]] bool tells_of_needed(const Record& record) const;
  void note_spans(const State& state);
  void join(const RemovedRecords& records);

  Time older_than_;
  std::string boot_;
  std::size_t most_;
  std::set<std::string> needed_;
  std::set<std::string> waiting_; ///< keys of notices
  std::vector<Span> spans_;       ///< in order, apart from each other
  std::vector<Time> begun_;       ///< of needed deployments, in order
  std::vector<RemovedRecords> gone_;
  std::size_t next_gone_ = 0;
  std::uint64_t end_; ///< the last record; the end of the chain stays
  std::uint64_t seen_ = 0;
  bool full_ = false; ///< nothing more goes now
  Found found_;
};

/// Removes old records, some at a time, while nothing else is to be done and no rollback runs.
class Retention {
public:
  struct Limits {
    std::uint64_t fewest =
        1000; ///< fewer are not worth the records that say so; nor is less than a tenth of what is there
    Duration first{std::chrono::minutes(10)}; ///< after the start
    Duration every{std::chrono::hours(24)};
    std::size_t most_stretches = 3000; ///< some 600 kB of text
  };

  Retention(Ledger& ledger, Journal& journal) : ledger_(ledger), journal_(journal) {}

  /// To be called each minute, and at once again while it is true. Records what goes; it goes with a later call, once that is
  /// durable. Errors: reading, or removing; it is tried again later.
  Result<bool> go_on(Duration keep, const Limits& limits, Time now);

private:
  Status let_go();
  Result<bool> look(const Limits& limits, Time now);
  Status record(const OldRecords& old, OldRecords::Found found, Time now);

  Ledger& ledger_;
  Journal& journal_;
  std::uint64_t let_go_ = 0; ///< the JournalCompacted that the journal was told of
  Time next_look_{};
  struct Scan {
    OldRecords old;
    std::uint64_t at = 0; ///< the last one that was looked at
    bool over = false;
  };
  std::optional<Scan> scan_;
};

} // namespace backstop
