#include "daemon/step/memory_events.hpp"
#include "daemon/step/fd.hpp"
#include "daemon/step/files.hpp"
#include <fcntl.h>

namespace backstop::step {
namespace {

/// Lines one after the other; false at the end.
bool next_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  line = text.substr(0, text.find('\n'));
  text.remove_prefix(line.size() == text.size() ? text.size() : line.size() + 1);
  return true;
}

/// "512 MiB": in the largest unit that leaves no rest.
std::string size_text(std::int64_t bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  for (; unit < 4 && bytes != 0 && bytes % 1024 == 0; ++unit) bytes /= 1024;
  return std::to_string(bytes) + " " + units[unit];
}

std::string read_text(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  return file && read_all(file.get(), text, 65536) ? text : std::string();
}

std::string own_file(const char* name) {
  const std::string proc = read_text("/proc/self/cgroup");
  const std::string_view cgroup = cgroup_in(proc);
  return cgroup.empty() ? std::string() : read_text("/sys/fs/cgroup" + std::string(cgroup) + "/" + name);
}

} // namespace

std::optional<MemoryEvents> parse_memory_events(std::string_view text) {
  MemoryEvents events;
  int found = 0;
  for (std::string_view line; next_line(text, line);) {
    const std::size_t space = line.find(' ');
    if (space == line.npos) continue;
    const std::string_view name = line.substr(0, space);
    if (name == "oom" && to_number(line.substr(space + 1), events.oom)) ++found;
    if (name == "oom_kill" && to_number(line.substr(space + 1), events.oom_kill)) ++found;
  }
  if (found != 2) return std::nullopt;
  return events;
}

std::string_view cgroup_in(std::string_view proc_cgroup) {
  for (std::string_view line; next_line(proc_cgroup, line);)
    if (line.substr(0, 4) == "0::/") return line.substr(3);
  return {};
}

std::string out_of_memory(const MemoryEvents& before, const MemoryEvents& after, std::string_view max) {
  if (after.oom_kill <= before.oom_kill) return {};
  if (after.oom <= before.oom) return "out of memory, the host's or that of a slice around it";
  max = max.substr(0, max.find('\n'));
  std::int64_t bytes = 0;
  return to_number(max, bytes) ? "out of memory (limit " + size_text(bytes) + ")" : "out of memory";
}

std::optional<MemoryEvents> own_memory_events() { return parse_memory_events(own_file("memory.events")); }

std::string own_memory_max() { return own_file("memory.max"); }

} // namespace backstop::step
