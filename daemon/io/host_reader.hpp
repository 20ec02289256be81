#pragma once
#include "collectors/cgroup.hpp"
#include "collectors/cgroup_path.hpp"
#include "collectors/host.hpp"
#include "rules/result.hpp"
#include <string>
#include <vector>

namespace backstop {

/// A small file of /proc kept open and read again from its start, which makes the kernel write it anew.
class KeptFile {
public:
  explicit KeptFile(std::string path) : path_(std::move(path)) {}
  ~KeptFile();
  KeptFile(KeptFile&& other) noexcept;
  KeptFile& operator=(KeptFile&&) = delete;
  KeptFile(const KeptFile&) = delete;
  KeptFile& operator=(const KeptFile&) = delete;

  /// Its first kMostBytes; none: it is not there or cannot be read.
  std::optional<std::string> read();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int error() const { return error_; } ///< errno of the last read() that gave none

  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

private:
  std::string path_;
  int fd_ = -1;
  int error_ = 0;
};

struct HostReading {
  std::vector<RawSample> samples;
  std::string without_unit; ///< why there are no unit_* samples though a unit was asked for; empty: there are
};

/// Reads the host's numbers and those of one unit from /proc and the cgroup mounts: the families of collectors/host.hpp
/// and collectors/cgroup.hpp. Does not wait: these files are memory. One for each source, as it remembers the last reading.
/// Units of the system manager only, not those of `systemctl --user`.
class HostReader {
public:
  /// `unit`: as systemctl names it; empty: the host alone. `root` is put before every path ("/proc", "/sys").
  static Result<HostReader> open(std::string_view unit, std::string root = "");

  /// Errc::io when there is no /proc/stat and no /proc/meminfo to be read; says how to mend it. Where the unit has no
  /// group (it does not run) the host's samples are still there.
  Result<HostReading> read();

private:
  HostReader(std::string unit, std::string root);
  [[nodiscard]] HostTexts read_host();
  bool find_unit();
  [[nodiscard]] std::optional<CgroupTexts> read_unit() const;
  /// The unit's directory in the hierarchy that has `controller`; empty: there is none.
  [[nodiscard]] std::string directory(std::string_view controller) const;
  [[nodiscard]] std::string manager_directory(std::string_view controller) const;

  std::string unit_;
  std::string root_;
  KeptFile stat_, meminfo_, loadavg_, pressure_cpu_, pressure_memory_, pressure_io_;
  HostMeter host_meter_;
  UnitMeter unit_meter_;

  CgroupMounts mounts_;
  std::map<std::string, std::string, std::less<>> manager_; ///< PID 1's groups, by controller
  std::optional<std::string> group_; ///< the unit's path below the manager's root, where it was seen last
};

} // namespace backstop
