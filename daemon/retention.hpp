#pragma once
#include "daemon/ledger.hpp"
#include "daemon/records.hpp"
#include "daemon/state.hpp"
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Which records are not kept any more (`journal.keep`), see docs/decisions/0052.
namespace backstop {

/// The deployments, incidents and other subjects whose records stay, however old they are: what is under way, what ended not
/// long enough ago, the newest deployment of each service, an incident that is open or not reviewed, what waits to be sent.
std::set<std::string> needed_subjects(const State& state, Time older_than);

/// Goes through the records in order and says which of them may go. Pure.
class OldRecords {
public:
  /// `boot`: the present one; how its time was anchored stays.
  OldRecords(const State& state, Time older_than, std::string boot);

  /// False: this one is too young, and so are all behind it; it need not be gone on.
  bool take(const Record& record);
  struct Found {
    std::vector<RemovedRecords> removed; ///< all that is gone or may go, in order
    std::uint64_t now = 0;               ///< how many of them are not gone yet
  };
  [[nodiscard]] Found found() const; ///< after that
  [[nodiscard]] const std::set<std::string>& needed() const { return needed_; }
  [[nodiscard]] Time older_than() const { return older_than_; }

private:
  struct Stretch {
    RemovedRecords records;
    std::uint64_t fresh = 0; ///< how many of them are not gone yet
    bool whole = true;       ///< none of them is gone yet
  };
  [[nodiscard]] bool may_go(const Record& record) const;
  void join(const RemovedRecords& records, bool gone);

  Time older_than_;
  std::string boot_;
  std::set<std::string> needed_;
  std::set<std::string> waiting_; ///< keys of notices
  std::vector<RemovedRecords> gone_;
  std::size_t next_gone_ = 0;
  std::uint64_t end_; ///< the last record; the end of the chain stays
  std::vector<Stretch> stretches_;
};

/// Removes old records, some at a time, while nothing else is to be done and no deployment is under way.
class Retention {
public:
  struct Limits {
    std::uint64_t fewest = 1000; ///< fewer are not worth the record that says so
    Duration every{std::chrono::hours(24)};
  };

  Retention(Ledger& ledger, Journal& journal) : ledger_(ledger), journal_(journal) {}

  /// To be called each minute, and at once again while it is true. Records what goes; it goes with a later call, once that is
  /// durable. Errors: reading, or removing; it is tried again later.
  Result<bool> go_on(Duration keep, const Limits& limits, Time now);

private:
  Status let_go();
  Status record(const OldRecords& old, OldRecords::Found found, Time now);

  Ledger& ledger_;
  Journal& journal_;
  std::uint64_t let_go_ = 0; ///< the JournalCompacted that the journal was told of
  Time next_look_{};
  struct Scan {
    OldRecords old;
    std::uint64_t at = 0; ///< the last one that was looked at
  };
  std::optional<Scan> scan_;
};

} // namespace backstop
