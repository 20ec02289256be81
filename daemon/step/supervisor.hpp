#pragma once
#include "daemon/step/command.hpp"
#include "daemon/step/fd.hpp"
#include "daemon/step/memory_events.hpp"
#include "daemon/step/output.hpp"
#include <optional>
#include <string>
#include <sys/types.h>

namespace backstop::step {

/// Runs one command to its end.
class Supervisor {
public:
  /// `directory` is that of the step and must stay open. `unit`: we are the main process of a unit, so our cgroup is the
  /// step's alone, and what the step prints is copied to our stdout, the journal.
  Supervisor(const Command& command, int directory, bool unit = false)
      : command_(command), directory_(directory), unit_(unit),
        output_(command.output_limit, unit ? STDOUT_FILENO : -1) {}

  Outcome run();
  void release_lock();

private:
  enum class Ending { none, timed_out, cancelled };
  bool prepare(Outcome& out);
  bool take_lock(Outcome& out);
  bool launch(Outcome& out);
  void turn();
  void hear();
  void reap();
  void end(Ending why, Clock::time_point now);
  void signal_group(int signal) const;
  [[nodiscard]] bool group_is_gone() const;
  [[nodiscard]] bool over() const;
  void describe(Outcome& out);
  [[nodiscard]] std::string ended_sentence() const;
  [[nodiscard]] std::string memory_sentence() const;
  [[nodiscard]] std::string killed_sentence(int signal, const std::string& memory) const;

  const Command& command_;
  int directory_;
  bool unit_;
  std::optional<MemoryEvents> memory_; ///< before the command was started
  Output output_;
  Fd signals_;
  Fd lock_;
  Fd report_; ///< what keeps the command from being executed arrives here
  pid_t pid_ = -1;
  bool exited_ = false;
  int wait_status_ = 0;
  Ending ending_ = Ending::none;
  bool killed_ = false;
  std::string cancelled_by_;
  Clock::time_point started_, ended_, deadline_, kill_at_, give_up_;
};

} // namespace backstop::step
