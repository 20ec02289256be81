#pragma once
#include "daemon/seams.hpp"
#include <map>
#include <set>
#include <string>
#include <vector>

namespace backstop {

/// A host in which steps run by script, in virtual time. It outlives "crashes" of the daemon under test: crash() takes
/// the watching away, adopt() by the next daemon gives it back. Steps end when the test calls advance(), never by
/// themselves.
class ScriptedStepRunner final : public StepRunner {
public:
  struct Script {
    StepOutcome outcome; ///< `took` is filled in
    Duration takes{};    ///< longer than the command's timeout: timed_out
    static Script exits(int status, Duration takes = {}, std::string output = {});
    static Script ends(StepEnd end, std::string detail = {}, Duration takes = {});
  };
  struct Run {
    StepKey key;
    StepCommand command;
    Time at;
  };

  /// What the next runs of `which` do, one after another; the last one repeats. `which` is "<procedure>/<path>" or
  /// argv[0]; the place counts before the program. What has no script exits with 0 at once.
  void script(const std::string& which, std::vector<Script> runs);
  /// A lock held by somebody else, as a deploy script would.
  void hold_lock(const std::string& path) { held_.insert(path); }
  void release_lock(const std::string& path) { held_.erase(path); }
  /// The next start gives this error, and leaves no trace.
  void fail_next_start(Error error) { next_errors_.push_back(std::move(error)); }

  /// Moves the virtual time and tells of all that ended until then, in the order in which it ended.
  void advance(Time now);
  /// The daemon died: nobody is told of anything until adopt() asks. Steps go on.
  void crash();
  /// The supervisor of a step, or the host, died: no outcome can be had.
  void lose(const StepKey& key);

  Status start(const StepKey& key, const StepCommand& command) override;
  Seen adopt(const StepKey& key) override;
  void cancel(const StepKey& key) override;
  void forget(const StepKey& key) override;
  [[nodiscard]] std::string_view runs_as() const override { return "child processes"; }
  [[nodiscard]] bool confines() const override { return false; }

  /// The witness, apart from everything the daemon writes: what was executed, in order. Without what never ran (locked,
  /// failed to start, refused).
  std::vector<Run> log;
  /// Starts of keys that were started before.
  std::vector<StepKey> refused;
  [[nodiscard]] std::size_t running() const;
  [[nodiscard]] bool forgotten(const StepKey& key) const;

private:
  enum class State { running, finished, lost, forgotten };
  struct Entry {
    State state = State::running;
    StepOutcome outcome;
    Time started{};
    Time ends{};
    std::uint64_t order = 0;
    std::string lock_file;
    bool watched = true; ///< on_finished is owed to the daemon
  };
  Script next_script(const StepKey& key, const StepCommand& command);
  [[nodiscard]] bool is_locked(const std::string& path) const;
  void settle();

  std::map<std::string, std::vector<Script>> scripts_;
  std::set<std::string> held_;
  std::vector<Error> next_errors_;
  std::map<StepKey, Entry> entries_;
  std::uint64_t order_ = 0;
  Time now_{};
};

} // namespace backstop
