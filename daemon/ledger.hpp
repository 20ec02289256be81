#pragma once
#include "daemon/fold.hpp"
#include "daemon/seams.hpp"
#include <functional>
#include <string>
#include <vector>

namespace backstop {

/// Where what happened becomes state: add() folds a payload into the state at once and queues its record; flush() makes
/// all queued records durable in one commit, and only then runs the acts that were waiting for them. While the journal
/// cannot be written nothing is lost (records wait in memory) and nothing is done (acts wait behind their records).
class Ledger {
public:
  using Act = std::function<void()>;
  /// Called for each record once it is durable.
  using Listener = std::function<void(const Record&, const Payload&)>;

  Ledger(Journal& journal, ReadFrozen read_frozen, std::string boot);

  [[nodiscard]] const State& state() const { return fold_.state(); }
  Fold& fold() { return fold_; }

  void add(Payload payload, Time now, const std::string& actor = "backstopd");
  /// `act` runs after everything added so far is durable.
  void after_commit(Act act);
  /// One commit. An error is kept in broken() until a later flush works.
  Status flush();

  [[nodiscard]] bool idle() const { return pending_.empty() && acts_.empty(); }
  [[nodiscard]] const std::string& broken() const { return broken_; }
  [[nodiscard]] std::size_t waiting() const { return pending_.size(); }
  [[nodiscard]] const std::string& boot() const { return boot_; }

  /// Journal → state. Stops at the first record that cannot be read.
  Status recover();

  Listener on_durable;
  std::function<void()> on_commit; ///< after each commit that worked, before what it makes durable is told

private:
  Journal& journal_;
  Fold fold_;
  std::string boot_;
  std::vector<Record> pending_;
  std::vector<Payload> pending_payloads_;
  std::vector<Act> acts_;
  std::string broken_;
};

} // namespace backstop
