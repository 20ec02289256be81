#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Whether the kernel killed for want of memory, from what it counts in a cgroup (v2): memory.events, see
/// Documentation/admin-guide/cgroup-v2.rst of Linux. The functions on texts are pure.
namespace backstop::step {

struct MemoryEvents {
  std::int64_t oom = 0;      ///< how often a limit of this cgroup was reached and nothing could be freed
  std::int64_t oom_kill = 0; ///< processes of this cgroup that were killed, whosever memory ran out
  bool operator==(const MemoryEvents&) const = default;
};

/// Nothing where the text has not both counts.
std::optional<MemoryEvents> parse_memory_events(std::string_view text);
/// The cgroup of v2 in the text of /proc/PID/cgroup, "/system.slice/x.service"; empty where there is none.
std::string_view cgroup_in(std::string_view proc_cgroup);
/// "out of memory (limit 512 MiB)" where a process was killed between the two counts, else empty. `max`: the text of
/// memory.max. Where no limit of the cgroup was reached, it is said that the memory ran out around it.
std::string out_of_memory(const MemoryEvents& before, const MemoryEvents& after, std::string_view max);

/// Those of our own cgroup; nothing where the kernel does not count them there.
std::optional<MemoryEvents> own_memory_events();
/// The text of memory.max of our own cgroup; empty where there is none.
std::string own_memory_max();

} // namespace backstop::step
