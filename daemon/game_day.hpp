#pragma once
#include "daemon/executor.hpp"
#include "daemon/ledger.hpp"
#include "daemon/seams.hpp"
#include <map>
#include <string>

namespace backstop {

struct Reply;

/// A game day: the rollback of a service gone through without doing it. Runs only what changes nothing (the question which
/// version runs, preflights, checks), and says for everything else what would run. What came out is one record; nothing
/// of it is a deployment. One that a restart cuts off is forgotten: its questions changed nothing.
class GameDays {
public:
  GameDays(Ledger& ledger, StepRunner& steps, Notifier& notifier, ServiceWatches& watches, const config::Config& config,
           Executor::ReadLink read_link);

  /// Begins one for a watched service. `channels`: each is sent a notice that says it is a test.
  Reply begin(const std::string& service, bool channels, const std::string& actor, Time now);
  /// False: the key is not of a game day.
  bool on_step_finished(const StepKey& key, const StepOutcome& outcome, Time now);

  /// What came out (the payload of its record), once that is on the disk; null before. Known until the next one of the
  /// service begins.
  [[nodiscard]] const Json& result(const std::string& id) const;

private:
  struct Running {
    std::string actor;
    GameDayHeld held;
    std::map<StepKey, std::size_t> asked; ///< to the question's place in held.questions
    std::size_t telling = 0;              ///< channels that have not answered
  };
  void plan(Running& day, const config::Service& service, const StepOrder& order);
  void ask(const std::string& id, const config::Service& service, const StepOrder& order, Time now);
  void ask_version(const std::string& id, const config::Service& service, const StepOrder& order, Time now);
  void pose(Running& day, const StepKey& key, GameDayQuestion question, const StepCommand& command);
  void tell_channels(const std::string& id);
  void answer(GameDayQuestion& question, const StepOutcome& outcome, const GameDayHeld& held) const;
  void end_if_over(const std::string& id, Time now);

  Ledger& ledger_;
  StepRunner& steps_;
  Notifier& notifier_;
  ServiceWatches& watches_;
  const config::Config& config_;
  Executor::ReadLink read_link_;
  std::map<std::string, Running> running_;    ///< by id
  std::map<std::string, Json> results_;       ///< by id
  std::map<std::string, std::string> newest_; ///< service → id
  std::uint64_t next_ = 1;
  Time now_{};
};

} // namespace backstop
