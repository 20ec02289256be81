#include "daemon/step/files.hpp"
#include "daemon/step/supervisor.hpp"
#include <cstdio>
#include <fcntl.h>

/// backstop-step: runs the command of one step and records its outcome, whatever becomes of the daemon meanwhile.
int main(int argc, char** argv) {
  using namespace backstop::step;
  if (argc != 2 || ::fcntl(kControlFd, F_SETFD, FD_CLOEXEC) != 0) {
    std::fputs("backstop-step runs one step for backstopd, which starts it; it is of no use by hand\n", stderr);
    return 2;
  }
  const Fd directory(::open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) {
    std::fprintf(stderr, "backstop-step: %s: %s; nothing was run\n", argv[1], error_text(errno).c_str());
    return 1;
  }
  Command command;
  const bool readable = read_command(directory.get(), command);
  Supervisor supervisor(command, directory.get());
  Outcome outcome;
  if (readable) {
    outcome = supervisor.run();
  } else {
    outcome.end = "failed_to_start";
    outcome.detail = std::string(argv[1]) + "/" + kCommand + " cannot be read";
  }
  bool written = write_outcome(directory.get(), outcome);
  if (!written) {
    std::fprintf(stderr, "backstop-step: %s: cannot write the outcome (%s, status %d): %s; trying without the output\n",
                 argv[1], outcome.end, outcome.status, error_text(errno).c_str());
    outcome.output_cut = outcome.output_cut || !outcome.output.empty();
    outcome.output.clear();
    written = write_outcome(directory.get(), outcome);
    if (!written)
      std::fprintf(stderr, "backstop-step: %s: %s; the outcome is lost\n", argv[1], error_text(errno).c_str());
  }
  // Before our end tells that we are done: who hears that may start the next step under the same lock.
  supervisor.release_lock();
  return written ? 0 : 1;
}
