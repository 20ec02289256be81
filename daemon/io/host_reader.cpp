#include "daemon/io/host_reader.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <deque>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace backstop {
namespace {

constexpr std::size_t kMostCgroupBytes = std::size_t{64} << 10; ///< memory.stat has some 2 KiB
constexpr std::size_t kMostDirectories = 4096;                  ///< looked into in one search for a unit

class Descriptor {
public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

private:
  int fd_;
};

/// The file from its start, at most `most` bytes of it. None: errno says why.
std::optional<std::string> read_all(int fd, std::size_t most) {
  constexpr std::size_t step = 16384;
  std::string text;
  while (text.size() < most) {
    const std::size_t had = text.size();
    text.resize(std::min(most, had + step));
    const ssize_t got = pread(fd, text.data() + had, text.size() - had, static_cast<off_t>(had));
    if (got < 0 && errno == EINTR) {
      text.resize(had);
      continue;
    }
    if (got < 0) return std::nullopt;
    text.resize(had + static_cast<std::size_t>(got));
    if (got == 0) break;
  }
  return text;
}

std::optional<std::string> read_at(const Descriptor& directory, const char* name) {
  const Descriptor fd(openat(directory.get(), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  return fd ? read_all(fd.get(), kMostCgroupBytes) : std::nullopt;
}

Descriptor open_directory(const std::string& path) {
  return Descriptor(path.empty() ? -1 : open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

bool is_directory(const std::string& path) {
  struct stat s {};
  return stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode);
}

std::vector<std::string> directories_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path.c_str()), closedir);
  if (!dir) return names;
  while (const dirent* entry = readdir(dir.get())) { // NOLINT(concurrency-mt-unsafe): one thread
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)) continue;
    names.push_back(name);
  }
  std::sort(names.begin(), names.end()); // the same answer whatever the order on disk
  return names;
}

/// The path of the unit's group below `top`, nearest to it first.
std::optional<std::string> search(const std::string& top, std::string_view unit) {
  for (const std::string& path : likely_cgroups(unit))
    if (is_directory(top + "/" + path)) return path;
  std::deque<std::string> todo{""};
  for (std::size_t looked = 0; !todo.empty() && looked < kMostDirectories; ++looked) {
    const std::string at = std::move(todo.front());
    todo.pop_front();
    for (const std::string& name : directories_in(top + "/" + at)) {
      if (is_cgroup_of(name, unit)) return at + name;
      if (may_hold_units(name)) todo.push_back(at + name + "/");
    }
  }
  return std::nullopt;
}

Duration monotonic_now() {
  timespec ts{};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return std::chrono::seconds(ts.tv_sec) + std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(ts.tv_nsec));
}

} // namespace

KeptFile::~KeptFile() {
  if (fd_ >= 0) close(fd_);
}
KeptFile::KeptFile(KeptFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), error_(other.error_) {}

std::optional<std::string> KeptFile::read() {
  for (const bool kept : {fd_ >= 0, false}) {
    if (!kept && fd_ < 0) fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    std::optional<std::string> text = fd_ >= 0 ? read_all(fd_, kMostBytes) : std::nullopt;
    if (text) return text;
    error_ = errno;
    if (fd_ >= 0) close(std::exchange(fd_, -1));
    if (!kept) break; // a kept one may have gone stale: once more with a fresh one
  }
  return std::nullopt;
}

HostReader::HostReader(std::string unit, std::string root)
    : unit_(std::move(unit)), root_(std::move(root)), stat_(root_ + "/proc/stat"), meminfo_(root_ + "/proc/meminfo"),
      loadavg_(root_ + "/proc/loadavg"), pressure_cpu_(root_ + "/proc/pressure/cpu"),
      pressure_memory_(root_ + "/proc/pressure/memory"), pressure_io_(root_ + "/proc/pressure/io"),
      host_meter_(static_cast<double>(sysconf(_SC_CLK_TCK))) {}

Result<HostReader> HostReader::open(std::string_view unit, std::string root) {
  if (unit.empty()) return HostReader("", std::move(root));
  Result<std::string> name = unit_name(unit);
  if (!name) return name.error();
  return HostReader(*std::move(name), std::move(root));
}

HostTexts HostReader::read_host() {
  HostTexts texts;
  texts.stat = stat_.read();
  texts.meminfo = meminfo_.read();
  texts.loadavg = loadavg_.read();
  texts.pressure_cpu = pressure_cpu_.read();
  texts.pressure_memory = pressure_memory_.read();
  texts.pressure_io = pressure_io_.read();
  return texts;
}

std::string HostReader::manager_directory(std::string_view controller) const {
  const CgroupMount* mount = nullptr;
  if (controller.empty()) {
    if (mounts_.v2) mount = &*mounts_.v2;
  } else if (const auto found = mounts_.v1.find(controller); found != mounts_.v1.end()) {
    mount = &found->second;
  }
  if (!mount) return "";
  const auto pid_1 = manager_.find(controller);
  return root_ + directory_of(*mount, pid_1 == manager_.end() ? "" : manager_root(pid_1->second));
}

std::string HostReader::directory(std::string_view controller) const {
  const std::string top = manager_directory(controller);
  return top.empty() || !group_ ? "" : top + "/" + *group_;
}

bool HostReader::find_unit() {
  mounts_ = parse_mountinfo(KeptFile(root_ + "/proc/self/mountinfo").read().value_or(""));
  manager_ = parse_process_cgroups(KeptFile(root_ + "/proc/1/cgroup").read().value_or(""));
  // systemd keeps every unit in its own hierarchy: v2 where it is mounted, else name=systemd. The controllers of v1 have
  // only the units that use them; they are looked at for hosts where no systemd hierarchy is to be seen.
  for (const std::string_view hierarchy : {"", "name=systemd", "memory", "cpuacct", "cpu", "pids"}) {
    const std::string top = manager_directory(hierarchy);
    if (top.empty()) continue;
    group_ = search(top, unit_);
    if (group_) return true;
  }
  return false;
}

std::optional<CgroupTexts> HostReader::read_unit() const {
  const Descriptor v2 = open_directory(directory(""));
  const Descriptor memory = open_directory(directory("memory"));
  const Descriptor cpu = open_directory(directory("cpu"));
  const Descriptor cpuacct = open_directory(directory("cpuacct"));
  const Descriptor pids = open_directory(directory("pids"));

  CgroupTexts texts;
  bool found = false;
  for (const Descriptor* group : {&v2, &cpuacct, &memory, &cpu, &pids}) {
    struct stat s {};
    if (found || !*group || fstat(group->get(), &s) != 0) continue;
    found = true;
    texts.generation = s.st_ino;
  }
  if (!found) return std::nullopt;
  if (v2) {
    texts.cpu_stat = read_at(v2, "cpu.stat");
    texts.read_at = monotonic_now();
    texts.cpu_max = read_at(v2, "cpu.max");
    texts.memory_current = read_at(v2, "memory.current");
    texts.memory_max = read_at(v2, "memory.max");
    texts.memory_stat = read_at(v2, "memory.stat");
    texts.memory_events = read_at(v2, "memory.events");
    texts.pids_current = read_at(v2, "pids.current");
  }
  if (cpuacct) {
    texts.v1_cpuacct_usage = read_at(cpuacct, "cpuacct.usage");
    if (!texts.cpu_stat) texts.read_at = monotonic_now();
  }
  if (cpu) {
    texts.v1_cfs_quota_us = read_at(cpu, "cpu.cfs_quota_us");
    texts.v1_cfs_period_us = read_at(cpu, "cpu.cfs_period_us");
  }
  if (memory) {
    texts.v1_memory_usage = read_at(memory, "memory.usage_in_bytes");
    texts.v1_memory_limit = read_at(memory, "memory.limit_in_bytes");
    texts.v1_memory_stat = read_at(memory, "memory.stat");
    texts.v1_memory_control = read_at(memory, "memory.oom_control");
  }
  if (pids && !texts.pids_current) texts.pids_current = read_at(pids, "pids.current");
  return texts;
}

Result<HostReading> HostReader::read() {
  const HostTexts texts = read_host();
  if (!texts.stat && !texts.meminfo)
    return fail(Errc::io, "cannot read " + stat_.path() + " nor " + meminfo_.path() + ": " +
                              std::strerror(stat_.error()) +
                              " (is /proc mounted? ProcSubset=pid in the daemon's own unit hides these files)");
  HostReading reading;
  reading.samples = host_meter_.take(texts);
  if (unit_.empty()) return reading;

  std::optional<CgroupTexts> unit = read_unit(); // gone, as after a restart of the unit: looked for again
  if (!unit && find_unit()) unit = read_unit();
  if (!unit) {
    reading.without_unit =
        mounts_.v2 || !mounts_.v1.empty()
            ? unit_ + " has no control group: it does not run, or has another name (systemctl status " + unit_ + ")"
            : "no cgroup file system is mounted";
    return reading;
  }
  for (RawSample& sample : unit_meter_.take(*unit, capacity_of(texts))) reading.samples.push_back(std::move(sample));
  return reading;
}

} // namespace backstop
