#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace backstop::step {

using Clock = std::chrono::steady_clock;

/// What to run, as read from the file kCommand. Mirrors StepCommand in daemon/seams.hpp.
struct Command {
  std::vector<std::string> argv;
  std::vector<std::string> environment; ///< "NAME=value"
  std::string user;                     ///< empty: our own
  std::string directory = "/";
  std::string lock_file; ///< empty: none
  std::chrono::microseconds timeout{};
  std::chrono::microseconds kill_after{};
  std::size_t output_limit = 0;
};

/// How it ended, as written to the file kOutcome. `end` is a name of StepEnd.
struct Outcome {
  const char* end = "unknown";
  int status = 0;
  std::chrono::microseconds took{};
  std::string output; ///< raw bytes
  bool output_cut = false;
  std::string detail;
};

/// False where the file is missing, cut or nonsense.
bool read_command(int directory, Command& out);
/// True: it is on the disk. False: errno tells why not.
bool write_outcome(int directory, const Outcome& outcome);

/// Turns this process, just forked, into the command: own session, clean signals, the user, the directory. Its output
/// goes to `output`. What fails is written to `report` as a sentence.
[[noreturn]] void become(const Command& command, int output, int report);

/// The text of an errno as it stands at the end of a sentence: "permission denied".
std::string error_text(int error);

} // namespace backstop::step
