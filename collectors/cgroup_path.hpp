#pragma once
#include "rules/result.hpp"
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Where systemd puts a unit's control group. Names and paths only; looking is the reader's (daemon/io/host_reader).
namespace backstop {

/// A mounted cgroup hierarchy.
struct CgroupMount {
  std::string point; ///< where it is mounted: "/sys/fs/cgroup"
  std::string root;  ///< which part of the hierarchy is to be seen there; "/" unless in a container
};

/// v1: one mount for each controller; v2: one for all; hybrid hosts have both.
struct CgroupMounts {
  std::optional<CgroupMount> v2;
  std::map<std::string, CgroupMount, std::less<>>
      v1; ///< by controller ("cpu", "memory"); systemd's own is "name=systemd"
};

/// Reads /proc/self/mountinfo. Of several mounts of one hierarchy the first counts.
CgroupMounts parse_mountinfo(std::string_view text);

/// Reads /proc/<pid>/cgroup: controller → path within its hierarchy, "" for v2.
std::map<std::string, std::string, std::less<>> parse_process_cgroups(std::string_view text);

/// The path within a hierarchy below which systemd puts its units, "" for the top: that of PID 1 less "/init.scope".
std::string manager_root(std::string_view cgroup_of_pid_1);

/// The directory that shows `path` of a hierarchy at `mount`; the mount point itself where it shows no such path.
std::string directory_of(const CgroupMount& mount, std::string_view path);

/// A unit as systemctl names it, with ".service" added to a name without a kind. Errc::invalid says how to mend it: a
/// template without an instance, a kind that has no processes, a letter no unit may have.
Result<std::string> unit_name(std::string_view text);

/// Where the group of `unit` is likely to be below the manager's root, likeliest first. `unit` as unit_name() gives it.
std::vector<std::string> likely_cgroups(std::string_view unit);

/// Whether a directory of this name is the group of `unit`: systemd puts "_" before names that could be mistaken for the
/// kernel's own files ("memory.service").
bool is_cgroup_of(std::string_view directory, std::string_view unit);

/// Whether a search goes into a directory of this name. Slices alone: below a service or scope are delegated trees, and
/// a container with a systemd of its own may well have a unit of the same name.
bool may_hold_units(std::string_view directory);

} // namespace backstop
