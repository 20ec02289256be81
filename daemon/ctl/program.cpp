#include "daemon/ctl/program.hpp"
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace backstop::ctl {
namespace {

constexpr std::size_t kMost = std::size_t{8} << 20;

/// Everything until the other side closes. False: not before `deadline`.
bool drain(int fd, std::chrono::steady_clock::time_point deadline, std::string& text) {
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{fd, POLLIN, 0};
    const int ready = left.count() <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > 2 * kMost) text.erase(0, text.size() - kMost);
  }
}

} // namespace

Result<std::string> output_of(const std::vector<std::string>& argv, Duration timeout) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Errc::io, std::string("no pipe: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str())); // as posix_spawn wants it
  words.push_back(nullptr);
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text;
  if (failed != 0) {
    ::close(ends[0]);
    return fail(failed == ENOENT ? Errc::not_found : Errc::io, argv[0] + ": " + std::strerror(failed));
  }
  const bool whole = drain(ends[0], std::chrono::steady_clock::now() + timeout, text);
  ::close(ends[0]);
  if (!whole) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!whole) return fail(Errc::timeout, argv[0] + ": did not end in time");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(Errc::io, argv[0] + ": failed: " + text.substr(0, 300));
  return text;
}

} // namespace backstop::ctl
