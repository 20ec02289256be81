#pragma once
#include "collectors/host.hpp"
#include "collectors/raw_sample.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What the kernel says about one unit's control group, as families unit_*. As with the host: what is absent, cut or not
/// understood gives no sample.
namespace backstop {

/// The texts of one reading; none: the file is not there. A hybrid host gives some of v1 and some of v2: where both are
/// there, v2 is taken.
struct CgroupTexts {
  std::uint64_t generation = 0; ///< another one: the group was removed and made again (a restart of the unit)
  Duration read_at{};           ///< by a monotonic clock; only differences count

  std::optional<std::string> cpu_stat;       ///< v2 cpu.stat
  std::optional<std::string> cpu_max;        ///< v2 cpu.max
  std::optional<std::string> memory_current; ///< v2 memory.current
  std::optional<std::string> memory_max;     ///< v2 memory.max
  std::optional<std::string> memory_stat;    ///< v2 memory.stat
  std::optional<std::string> memory_events;  ///< v2 memory.events
  std::optional<std::string> pids_current;   ///< v1 and v2 pids.current

  std::optional<std::string> v1_cpuacct_usage;  ///< cpuacct.usage
  std::optional<std::string> v1_cfs_quota_us;   ///< cpu.cfs_quota_us
  std::optional<std::string> v1_cfs_period_us;  ///< cpu.cfs_period_us
  std::optional<std::string> v1_memory_usage;   ///< memory.usage_in_bytes
  std::optional<std::string> v1_memory_limit;   ///< memory.limit_in_bytes
  std::optional<std::string> v1_memory_stat;    ///< memory.stat
  std::optional<std::string> v1_memory_control; ///< memory.oom_control
};

/// Turns readings of one unit into samples. One for each source.
///
/// - unit_cpu_seconds_total: CPU time used by the unit and everything below it, since its group was made.
/// - unit_cpu_percent: CPU time used since the last reading in percent of what the unit may use: its own CPU quota if it
///   has one, else all cores (quotas above all cores count as all cores). A burst can go above 100. Limits of the slices
///   above the unit are not looked at. Absent on the first reading, after the group was made again or its counter went
///   back, and within kMinElapsed of the last reading.
/// - unit_memory_bytes: memory charged to the unit less inactive_file, the file pages the kernel drops first and without
///   harm (the "working set" as Kubernetes counts it). With them a unit that reads a large file would look full.
///   Absent where inactive_file is not known: rather no value than one far too high.
/// - unit_memory_percent: unit_memory_bytes in percent of the unit's own MemoryMax if it has one below the RAM, else of
///   all RAM. MemoryHigh is not looked at.
/// - unit_oom_kills_total: processes of the unit that the kernel killed for want of memory. The counter dies with the
///   group: a kill that ends the unit is often never seen here.
/// - unit_tasks: processes and threads.
class UnitMeter {
public:
  static constexpr Duration kMinElapsed{std::chrono::milliseconds(50)};

  std::vector<RawSample> take(const CgroupTexts& texts, const HostCapacity& host);

private:
  struct Base {
    std::uint64_t generation = 0;
    Duration at{};
    double cpu_seconds = 0;
  };
  std::optional<double> cpu_cores_used(const CgroupTexts& texts, double cpu_seconds);

  std::optional<Base> base_;
};

} // namespace backstop
