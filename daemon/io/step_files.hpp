#pragma once
#include "daemon/seams.hpp"
#include "daemon/step/fd.hpp"
#include <string>

namespace backstop {

/// The directories of steps, `<state>/steps/<readable part>-<hash>/`, as the daemon sees them: it prepares one, reads
/// what the supervisor left in it, and clears it away. Their content is described in daemon/step/files.hpp.
class StepFiles {
public:
  /// Makes `<state>/steps` where it is missing; only the daemon's user may look inside (environments hold secrets).
  static Result<StepFiles> open(const std::string& state_directory);
  /// Those of another process, which our group may read: to look and to cancel alone.
  static Result<StepFiles> open_existing(const std::string& state_directory);

  /// Whether the supervisor can be given this command at all.
  static Status fits(const StepCommand& command);
  [[nodiscard]] std::string path_of(const StepKey& key) const;
  /// Claims the key for ever and makes all files that the supervisor needs. On the disk when it returns. Errc::refused
  /// where the key was ever claimed before; after any other error it is not claimed.
  Status claim(const StepKey& key, const StepCommand& command) const;
  /// There is a directory without a command in it: left by a claim that failed and could not be taken back, so nothing ran.
  /// claim() takes it over.
  [[nodiscard]] bool is_half_made(const StepKey& key) const;
  /// Takes a claim back. Only while it is certain that nothing was run.
  void unclaim(const StepKey& key) const;

  /// Opens the control pipe for writing: open as long as the supervisor works. Empty where it does not.
  [[nodiscard]] step::Fd control(const StepKey& key) const;
  /// The read end, for the supervisor to be.
  [[nodiscard]] Result<step::Fd> control_reader(const StepKey& key) const;

  struct Found {
    StepRunner::Seen seen = StepRunner::Seen::lost; ///< never, finished or lost
    StepOutcome outcome;                            ///< where lost: end is unknown, and why
    /// Finished as failed to start, for no other reason than that nothing tells of a start: true only if nobody is
    /// starting it at this moment.
    bool by_absence = false;
  };
  /// What is left of a step whose supervisor works no longer.
  [[nodiscard]] Found look(const StepKey& key) const;

  /// Leaves a tombstone.
  void forget(const StepKey& key) const;
  /// Removes tombstones, and dead directories nobody asked for, last changed before `before`. Their number.
  std::size_t purge(Time before) const;

private:
  StepFiles(step::Fd root, std::string path) : root_(std::move(root)), path_(std::move(path)) {}
  [[nodiscard]] step::Fd directory(const StepKey& key) const;
  step::Fd root_;
  std::string path_;
};

/// The last `limit` bytes of `raw` as valid UTF-8, bytes that are none replaced by U+FFFD. `cut` is set where something
/// had to go; where it is set already, a character torn by the earlier cut goes silently.
std::string clean_output(std::string_view raw, std::size_t limit, bool& cut);

} // namespace backstop
