#include "daemon/io/host_reader.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <map>

namespace backstop {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;

/// A host made of files.
class FakeHost : public testing::Test {
protected:
  FakeHost() {
    put("/proc/stat", "cpu  100 0 0 100 0 0 0 0 0 0\ncpu0 1\ncpu1 1\n");
    put("/proc/meminfo", "MemTotal: 1024 kB\nMemAvailable: 512 kB\n");
    put("/proc/loadavg", "0.50 0.25 0.75 1/100 4242\n");
  }
  void put(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(root() + path).parent_path());
    std::ofstream(root() + path) << text;
  }
  void remove(const std::string& path) const { fs::remove_all(root() + path); }
  void unified() const {
    put("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n");
  }
  void put_v2_unit(const std::string& group) const {
    put("/sys/fs/cgroup/" + group + "/cpu.stat", "usage_usec 5000000\n");
    put("/sys/fs/cgroup/" + group + "/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/" + group + "/memory.current", "262144\n");
    put("/sys/fs/cgroup/" + group + "/memory.max", "524288\n");
    put("/sys/fs/cgroup/" + group + "/memory.stat", "inactive_file 131072\n");
    put("/sys/fs/cgroup/" + group + "/memory.events", "oom_kill 1\n");
    put("/sys/fs/cgroup/" + group + "/pids.current", "3\n");
  }
  [[nodiscard]] HostReader reader(const std::string& unit = "") const { return *HostReader::open(unit, root()); }
  [[nodiscard]] std::string root() const { return directory_.path(); }

private:
  TemporaryDirectory directory_;
};

std::map<std::string, double> by_name(const HostReading& reading) {
  std::map<std::string, double> out;
  for (const RawSample& s : reading.samples) out[s.name + (s.labels.empty() ? "" : ":" + s.labels[0].second)] = s.value;
  return out;
}

TEST_F(FakeHost, IsReadAgainEachTime) {
  HostReader r = reader();
  EXPECT_THAT(by_name(*r.read()),
              AllOf(Contains(Pair("host_memory_percent", 50)), Contains(Pair("host_load1", 0.5)),
                    Contains(Pair("host_cpu_seconds_total:user", 1)), Not(Contains(Key("host_cpu_percent")))));
  put("/proc/stat", "cpu  130 0 0 170 0 0 0 0 0 0\ncpu0 1\ncpu1 1\n");
  put("/proc/meminfo", "MemTotal: 1024 kB\nMemAvailable: 256 kB\n");
  EXPECT_THAT(by_name(*r.read()),
              AllOf(Contains(Pair("host_memory_percent", 75)), Contains(Pair("host_cpu_percent", 30))));
}

TEST_F(FakeHost, WithoutAUnitHasNoneAndSaysNothing) {
  HostReader r = reader();
  const auto reading = r.read();
  EXPECT_EQ(reading->without_unit, "");
  EXPECT_THAT(by_name(*reading), Not(Contains(Key(HasSubstr("unit_")))));
}

TEST_F(FakeHost, WithoutPressureOrLoadStillHasTheRest) {
  remove("/proc/loadavg");
  HostReader r = reader();
  EXPECT_THAT(by_name(*r.read()), AllOf(Contains(Key("host_memory_percent")), Not(Contains(Key("host_load1")))));
  put("/proc/pressure/io", "some avg10=1.00 avg60=0.00 avg300=0.00 total=1\n");
  EXPECT_THAT(by_name(*r.read()), Contains(Key("host_pressure_percent:io")));
}

TEST_F(FakeHost, WithoutProcSaysHowToMendIt) {
  remove("/proc");
  HostReader r = reader();
  const auto reading = r.read();
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, Errc::io);
  EXPECT_THAT(reading.error().what, AllOf(HasSubstr("/proc/stat"), HasSubstr("ProcSubset")));
}

TEST_F(FakeHost, AnEndlessFileIsReadToItsBound) {
  put("/proc/loadavg", std::string(3 * KeptFile::kMostBytes, '1'));
  KeptFile file(root() + "/proc/loadavg");
  EXPECT_EQ(file.read()->size(), KeptFile::kMostBytes);
}

TEST_F(FakeHost, FilesAreClosedInChildren) {
  // From here on the lowest free number is the reader's.
  const int probe = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  close(probe);
  KeptFile file(root() + "/proc/stat");
  ASSERT_TRUE(file.read());
  EXPECT_EQ(fcntl(probe, F_GETFD), FD_CLOEXEC);
}

TEST_F(FakeHost, AUnitOfV2HasAllFamilies) {
  unified();
  put_v2_unit("system.slice/checkout.service");
  HostReader r = reader("checkout");
  const auto reading = r.read();
  EXPECT_EQ(reading->without_unit, "");
  EXPECT_THAT(by_name(*reading),
              AllOf(Contains(Pair("unit_cpu_seconds_total", 5)), Contains(Pair("unit_memory_bytes", 131072)),
                    Contains(Pair("unit_memory_percent", 25)), Contains(Pair("unit_oom_kills_total", 1)),
                    Contains(Pair("unit_tasks", 3))));
}

TEST_F(FakeHost, AUnitIsFoundInAnySlice) {
  unified();
  put("/sys/fs/cgroup/docker/abc/system.slice/checkout.service/pids.current", "99\n"); // a container's own: not ours
  put("/sys/fs/cgroup/machine.slice/box.scope/checkout.service/pids.current", "98\n");
  put_v2_unit("shop.slice/shop-front.slice/checkout.service");
  HostReader r = reader("checkout.service");
  EXPECT_THAT(by_name(*r.read()), Contains(Pair("unit_tasks", 3)));
}

TEST_F(FakeHost, AnInstanceAndAnEscapedNameAreFound) {
  unified();
  put_v2_unit("system.slice/system-shop\\x2dworker.slice/shop-worker@1.service");
  put_v2_unit("system.slice/_memory.service");
  HostReader worker = reader("shop-worker@1");
  EXPECT_THAT(by_name(*worker.read()), Contains(Pair("unit_tasks", 3)));
  HostReader memory = reader("memory.service");
  EXPECT_THAT(by_name(*memory.read()), Contains(Pair("unit_tasks", 3)));
}

TEST_F(FakeHost, AContainersOwnUnitIsNotTakenForTheHosts) {
  unified();
  put("/sys/fs/cgroup/machine.slice/box.scope/system.slice/checkout.service/pids.current", "98\n");
  HostReader r = reader("checkout.service");
  const auto reading = r.read();
  EXPECT_THAT(reading->without_unit, AllOf(HasSubstr("checkout.service"), HasSubstr("does not run")));
  EXPECT_THAT(by_name(*reading), AllOf(Not(Contains(Key("unit_tasks"))), Contains(Key("host_load1"))));
}

TEST_F(FakeHost, AUnitThatStopsAndStartsIsFoundAgain) {
  unified();
  put_v2_unit("system.slice/checkout.service");
  HostReader r = reader("checkout");
  EXPECT_EQ(r.read()->without_unit, "");
  remove("/sys/fs/cgroup/system.slice/checkout.service");
  EXPECT_NE(r.read()->without_unit, "");
  EXPECT_NE(r.read()->without_unit, ""); // and the group of everything is not taken for the unit's
  put_v2_unit("other.slice/checkout.service");
  const auto reading = r.read();
  EXPECT_EQ(reading->without_unit, "");
  EXPECT_THAT(by_name(*reading), AllOf(Contains(Pair("unit_tasks", 3)), Not(Contains(Key("unit_cpu_percent")))));
}

TEST_F(FakeHost, WithSystemdInAContainerItsUnitsAreBelowPid1) {
  unified();
  put("/proc/1/cgroup", "0::/lxc/box/init.scope\n");
  put("/sys/fs/cgroup/system.slice/checkout.service/pids.current", "99\n");
  put_v2_unit("lxc/box/system.slice/checkout.service");
  HostReader r = reader("checkout");
  EXPECT_THAT(by_name(*r.read()), Contains(Pair("unit_tasks", 3)));
}

TEST_F(FakeHost, AUnitOfAHybridHostIsReadFromEachHierarchy) {
  put("/proc/self/mountinfo", "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                              "34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                              "38 30 0:35 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
                              "39 30 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
                              "40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  const std::string unit = "/system.slice/checkout.service";
  put("/sys/fs/cgroup/unified" + unit + "/cgroup.procs", "1\n");
  put("/sys/fs/cgroup/cpu,cpuacct" + unit + "/cpuacct.usage", "7000000000\n");
  put("/sys/fs/cgroup/cpu,cpuacct" + unit + "/cpu.cfs_quota_us", "-1\n");
  put("/sys/fs/cgroup/cpu,cpuacct" + unit + "/cpu.cfs_period_us", "100000\n");
  put("/sys/fs/cgroup/memory" + unit + "/memory.usage_in_bytes", "262144\n");
  put("/sys/fs/cgroup/memory" + unit + "/memory.limit_in_bytes", "9223372036854771712\n");
  put("/sys/fs/cgroup/memory" + unit + "/memory.stat", "total_inactive_file 0\n");
  put("/sys/fs/cgroup/memory" + unit + "/memory.oom_control", "oom_kill 6\n");
  put("/sys/fs/cgroup/pids" + unit + "/pids.current", "8\n");
  HostReader r = reader("checkout");
  EXPECT_THAT(by_name(*r.read()),
              AllOf(Contains(Pair("unit_cpu_seconds_total", 7)), Contains(Pair("unit_memory_percent", 25)),
                    Contains(Pair("unit_oom_kills_total", 6)), Contains(Pair("unit_tasks", 8))));
  remove("/sys/fs/cgroup/memory" + unit); // systemd makes a group of v1 only where the unit needs that controller
  EXPECT_THAT(by_name(*r.read()),
              AllOf(Contains(Key("unit_cpu_seconds_total")), Not(Contains(Key("unit_memory_bytes")))));
}

TEST_F(FakeHost, WithoutCgroupsSaysSo) {
  HostReader r = reader("checkout");
  EXPECT_THAT(r.read()->without_unit, HasSubstr("no cgroup file system"));
}

TEST_F(FakeHost, AWrongUnitNameIsRefusedAtOnce) {
  const auto r = HostReader::open("../x", root());
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, Errc::invalid);
}

TEST(RealHost, HasMemoryAndCpuNumbersTwice) {
  HostReader r = *HostReader::open("");
  for (int i = 0; i < 2; ++i) {
    const auto reading = r.read();
    ASSERT_TRUE(reading) << reading.error().what;
    const auto s = by_name(*reading);
    EXPECT_THAT(s, Contains(Pair("host_cpu_seconds_total:user", testing::Gt(0))));
    EXPECT_THAT(s, Contains(Pair("host_memory_percent", AllOf(testing::Gt(0), testing::Le(100)))));
    EXPECT_THAT(s, Contains(Key("host_load1")));
  }
}

/// The mounted cgroups of the machine the tests run on, whatever version: a group of the reader's own is not made, as
/// that needs rights; that its root can be read is checked.
TEST(RealHost, RootSliceIsFoundWhereCgroupsAreMounted) {
  HostReader r = *HostReader::open("-.slice");
  const auto reading = r.read();
  ASSERT_TRUE(reading) << reading.error().what;
  if (reading->without_unit.empty())
    EXPECT_THAT(by_name(*reading), Contains(Key("unit_cpu_seconds_total")));
  else
    EXPECT_THAT(reading->without_unit, HasSubstr("no cgroup file system"));
}

} // namespace
} // namespace backstop
