#include "daemon/traffic/command.hpp"
#include "daemon/step/fd.hpp"
#include "daemon/traffic/text.hpp"
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern "C" char** environ; // NOLINT: POSIX names it so

namespace backstop::traffic {
namespace {

using step::Fd;

/// What it says last is what matters, and more than this is not shown.
constexpr std::size_t kKept = 4096;

struct Child {
  pid_t pid = -1;
  Fd ended;  ///< becomes readable when it has ended
  Fd output; ///< stdout and stderr
};

std::string joined(const std::vector<std::string>& argv) {
  std::string out;
  for (const std::string& word : argv) out += (out.empty() ? "" : " ") + word;
  return one_line(out);
}

Result<Child> started(const std::vector<std::string>& argv) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Errc::io, joined(argv) + ": " + error_text(errno));
  Child out;
  out.output = Fd(ends[0]);
  const Fd write_end(ends[1]);
  ::fcntl(out.output.get(), F_SETFL, O_NONBLOCK);
  std::vector<std::string> words = argv; // exec takes char*
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDERR_FILENO);
  // Unlike execvp it hands nothing to a shell. No group of its own: who ends us ends it too.
  const int error = ::posix_spawnp(&out.pid, pointers[0], &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(Errc::not_found, joined(argv) + ": cannot be run: " + error_text(error));
  out.ended = Fd(static_cast<int>(::syscall(SYS_pidfd_open, out.pid, 0)));
  if (!out.ended) return fail(Errc::io, joined(argv) + ": cannot be waited for: " + error_text(errno));
  return out;
}

void take_output(const Fd& from, std::string& said) {
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(from.get(), buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<std::size_t>(got));
    if (said.size() > kKept) said.erase(0, said.size() - kKept);
  }
}

/// False: the deadline has passed.
bool wait_for_end(const Child& child, std::string& said, const Deadline& deadline) {
  std::array<pollfd, 2> fds{{{child.ended.get(), POLLIN, 0}, {child.output.get(), POLLIN, 0}}};
  while (!deadline.passed()) {
    ::poll(fds.data(), fds.size(), deadline.left_ms());
    if (fds[1].revents != 0) take_output(child.output, said);
    if ((fds[1].revents & (POLLHUP | POLLERR)) != 0) fds[1].fd = -1; // else poll would return at once
    if (fds[0].revents == 0) continue;
    take_output(child.output, said);
    return true;
  }
  return false;
}

} // namespace

Status run_command(const std::vector<std::string>& argv, const Deadline& deadline) {
  const Result<Child> child = started(argv);
  if (!child) return child.error();
  std::string said;
  const bool in_time = wait_for_end(*child, said, deadline);
  if (!in_time) ::kill(child->pid, SIGKILL);
  int status = 0;
  while (::waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string words = said.empty() ? "" : ": " + one_line(said);
  if (!in_time) return fail(Errc::timeout, joined(argv) + ": not done within " + deadline.text() + words);
  if (WIFSIGNALED(status))
    return fail(Errc::io, joined(argv) + ": ended by signal " + std::to_string(WTERMSIG(status)) + words);
  if (WEXITSTATUS(status) != 0)
    return fail(Errc::refused, joined(argv) + ": exit code " + std::to_string(WEXITSTATUS(status)) + words);
  return {};
}

} // namespace backstop::traffic
