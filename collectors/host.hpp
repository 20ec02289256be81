#pragma once
#include "collectors/raw_sample.hpp"
#include <array>
#include <optional>
#include <string>
#include <vector>

/// What the kernel says about the whole host, as families host_*. A file that is absent, cut or not understood gives no
/// sample of its families: no data is never 0.
namespace backstop {

/// The texts of one reading; none: the file is not there.
struct HostTexts {
  std::optional<std::string> stat;            ///< /proc/stat
  std::optional<std::string> meminfo;         ///< /proc/meminfo
  std::optional<std::string> loadavg;         ///< /proc/loadavg
  std::optional<std::string> pressure_cpu;    ///< /proc/pressure/cpu; absent where the kernel has no PSI or it is off
  std::optional<std::string> pressure_memory; ///< /proc/pressure/memory
  std::optional<std::string> pressure_io;     ///< /proc/pressure/io
};

/// What there is to use up. 0: not known.
struct HostCapacity {
  double cores = 0; ///< CPUs online
  double memory_bytes = 0;
};
HostCapacity capacity_of(const HostTexts& texts);

/// Turns readings into samples and remembers the last one for what is "since the last reading". One for each source.
///
/// - host_cpu_percent: busy share of all cores since the last reading, 0..100. Busy are user, nice, system, irq, softirq
///   and steal; idle are idle and iowait. Steal is busy because it is time somebody here wanted and did not get: with it
///   counted as idle a host drained by its neighbours never looks full. iowait is idle because the core was free to run
///   anything else; waiting for disks shows in host_pressure_percent{resource="io"}.
///   Absent on the first reading, when the counters went back, and when less than kMinTicks passed (which then go into
///   the next reading).
/// - host_cpu_seconds_total{mode}: user, nice, system, idle, iowait, irq, softirq, steal, over all cores. Guests are in
///   user and nice. The kernel lets idle and iowait slip back a little; here they stand still instead.
/// - host_memory_percent: 100 * (1 - MemAvailable / MemTotal): what cannot be had without swapping.
/// - host_memory_total_bytes, host_memory_available_bytes, host_load1, host_load5, host_load15.
/// - host_pressure_percent{resource="cpu|memory|io", kind="some|full", window="10s|60s|300s"}: share of the window in which
///   some (all) tasks stood still for want of it. No cpu/full: the kernel defines none for a host and prints 0.
class HostMeter {
public:
  static constexpr double kMinTicks = 10;
  static constexpr std::size_t kModes = 8;
  using CpuTicks =
      std::array<double, kModes>; ///< in the order of /proc/stat: user nice system idle iowait irq softirq steal

  /// `ticks_per_second`: sysconf(_SC_CLK_TCK), the unit of /proc/stat.
  explicit HostMeter(double ticks_per_second = 100) : ticks_per_second_(ticks_per_second) {}

  std::vector<RawSample> take(const HostTexts& texts);

private:
  void take_cpu(const std::string& stat, std::vector<RawSample>& out);

  double ticks_per_second_;
  std::optional<CpuTicks> base_;  ///< the reading host_cpu_percent counts from
  std::optional<CpuTicks> shown_; ///< last values of host_cpu_seconds_total
};

} // namespace backstop
