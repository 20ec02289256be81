#include "daemon/step/files.hpp"
#include "daemon/step/supervisor.hpp"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace backstop::step {
namespace {

/// Opens the control pipe of `directory` where the rest of the program expects it. Before anything else is opened.
bool take_control(const std::string& directory) {
  const int control = ::open((directory + "/" + kControl).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (control < 0 || control == kControlFd) return control >= 0;
  const bool moved = ::dup3(control, kControlFd, O_CLOEXEC) == kControlFd;
  ::close(control);
  return moved;
}

/// The protocol of sd_notify(3), without its library: one datagram to the socket that the service manager names.
bool say_ready() {
  const char* const name = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name == nullptr || std::strlen(name) >= sizeof address.sun_path) {
    errno = ENOENT;
    return false;
  }
  std::strcpy(address.sun_path, name);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(name));
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return socket && ::sendto(socket.get(), "READY=1", 7, MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address), size) == 7;
}

} // namespace
} // namespace backstop::step

/// backstop-step: runs the command of one step and records its outcome, whatever becomes of the daemon meanwhile.
///   backstop-step DIRECTORY          started by backstopd, which gives it the read end of the control pipe
///   backstop-step --unit DIRECTORY   the main process of a unit: opens the pipe itself, says READY=1 when it holds it,
///                                    and copies what the step prints to its stdout, the journal
int main(int argc, char** argv) {
  using namespace backstop::step;
  const bool unit = argc == 3 && std::strcmp(argv[1], "--unit") == 0;
  if (!unit && (argc != 2 || ::fcntl(kControlFd, F_SETFD, FD_CLOEXEC) != 0)) {
    std::fputs("backstop-step runs one step for backstopd, which starts it; it is of no use by hand\n", stderr);
    return 2;
  }
  const char* const path = argv[argc - 1];
  const bool ready = !unit || take_control(path);
  const Fd directory(ready ? ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
  if (!directory || (unit && !say_ready())) {
    std::fprintf(stderr, "backstop-step: %s: %s; nothing was run\n", path, error_text(errno).c_str());
    return 1;
  }
  Command command;
  const bool readable = read_command(directory.get(), command);
  Supervisor supervisor(command, directory.get(), unit);
  Outcome outcome;
  if (readable) {
    outcome = supervisor.run();
  } else {
    outcome.end = "failed_to_start";
    outcome.detail = std::string(path) + "/" + kCommand + " cannot be read";
  }
  bool written = write_outcome(directory.get(), outcome);
  if (!written) {
    std::fprintf(stderr, "backstop-step: %s: cannot write the outcome (%s, status %d): %s; trying without the output\n",
                 path, outcome.end, outcome.status, error_text(errno).c_str());
    outcome.output_cut = outcome.output_cut || !outcome.output.empty();
    outcome.output.clear();
    written = write_outcome(directory.get(), outcome);
    if (!written) std::fprintf(stderr, "backstop-step: %s: %s; the outcome is lost\n", path, error_text(errno).c_str());
  }
  // Before our end tells that we are done: who hears that may start the next step under the same lock.
  supervisor.release_lock();
  return written ? 0 : 1;
}
