#include "daemon/step/processes.hpp"
#include "daemon/step/fd.hpp"
#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace backstop::step {
namespace {

constexpr std::size_t kMost = std::size_t{1} << 20;

std::string read_proc(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (file) read_all(file.get(), text, kMost);
  return text;
}

std::string named(const std::string& pid) {
  std::string name = read_proc("/proc/" + pid + "/comm");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return "pid " + pid + (name.empty() ? "" : " (" + name + ")");
}

/// The next word of `text`, taken off its front.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \n"));
  text.remove_prefix(word.size());
  return word;
}

} // namespace

std::string lock_holder(int fd) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) return {};
  char file[64];
  std::snprintf(file, sizeof file, "%02x:%02x:%lu", major(st.st_dev), minor(st.st_dev),
                static_cast<unsigned long>(st.st_ino));
  const std::string locks = read_proc("/proc/locks"); // "1: FLOCK  ADVISORY  WRITE 12 fe:00:345 0 EOF"
  for (std::string_view rest = locks; !rest.empty();) {
    if (next_word(rest) != "FLOCK") continue;
    next_word(rest);
    next_word(rest);
    const std::string_view pid = next_word(rest);
    if (next_word(rest) == file) return " by " + named(std::string(pid));
  }
  return {};
}

std::string children_left(pid_t own) {
  const std::string pids = read_proc("/proc/thread-self/children");
  constexpr int most = 5;
  std::string out;
  std::string_view rest = pids;
  int count = 0;
  for (std::string_view pid = next_word(rest); !pid.empty(); pid = next_word(rest))
    if (pid != std::to_string(own) && ++count <= most) out += (out.empty() ? "" : ", ") + named(std::string(pid));
  return count <= most ? out : out + " and " + std::to_string(count - most) + " more";
}

} // namespace backstop::step
