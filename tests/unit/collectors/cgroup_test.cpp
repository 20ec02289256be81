#include "collectors/cgroup.hpp"
#include "collectors/cgroup_path.hpp"
#include <gmock/gmock.h>
#include <map>

namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;

using Samples = std::map<std::string, double>;

constexpr double kMib = 1024.0 * 1024;
constexpr HostCapacity kHost{4, 1000 * kMib};

Samples by_name(const std::vector<RawSample>& samples) {
  Samples out;
  for (const RawSample& s : samples) EXPECT_TRUE(out.emplace(s.name, s.value).second) << s.name << " twice";
  return out;
}

CgroupTexts v2_cpu(Duration at, std::int64_t usage_us, const char* max = "max 100000\n") {
  CgroupTexts t;
  t.read_at = at;
  t.cpu_stat = "usage_usec " + std::to_string(usage_us) + "\nuser_usec 1\nsystem_usec 1\n";
  t.cpu_max = max;
  return t;
}

CgroupTexts v2_memory(const char* current, const char* max, const char* stat) {
  CgroupTexts t;
  t.memory_current = current;
  t.memory_max = max;
  t.memory_stat = stat;
  return t;
}

class UnitCpu : public testing::Test {
protected:
  Samples take(const CgroupTexts& texts) { return by_name(meter_.take(texts, kHost)); }
  UnitMeter meter_;
};

TEST_F(UnitCpu, TheFirstReadingHasNoPercent) {
  EXPECT_EQ(take(v2_cpu(100s, 2'500'000)), (Samples{{"unit_cpu_seconds_total", 2.5}}));
}

TEST_F(UnitCpu, WithoutAQuotaPercentIsOfAllCores) {
  take(v2_cpu(100s, 0));
  EXPECT_THAT(take(v2_cpu(102s, 2'000'000)), Contains(Pair("unit_cpu_percent", DoubleNear(25, 1e-9))));
}

TEST_F(UnitCpu, WithAQuotaPercentIsOfTheQuota) {
  take(v2_cpu(100s, 0));
  EXPECT_THAT(take(v2_cpu(102s, 2'000'000, "150000 100000\n")),
              Contains(Pair("unit_cpu_percent", DoubleNear(100 / 1.5, 1e-9))));
}

TEST_F(UnitCpu, AQuotaAboveAllCoresIsNoQuota) {
  take(v2_cpu(100s, 0));
  EXPECT_THAT(take(v2_cpu(101s, 4'000'000, "1600000 100000\n")),
              Contains(Pair("unit_cpu_percent", DoubleNear(100, 1e-9))));
}

TEST_F(UnitCpu, AQuotaThatCannotBeReadIsNotTakenForNone) {
  for (const char* max : {"", "max", "\n", "x 100000\n", "100000 0\n", "100000\n", "-5 100000\n", "1000"}) {
    UnitMeter meter;
    (void)meter.take(v2_cpu(100s, 0), kHost);
    EXPECT_THAT(by_name(meter.take(v2_cpu(101s, 1'000'000, max), kHost)), Not(Contains(Key("unit_cpu_percent"))))
        << max;
  }
}

TEST_F(UnitCpu, WithoutTheControllerThereIsNoQuota) {
  CgroupTexts t = v2_cpu(100s, 0); // cpu.stat is always there in v2, cpu.max only with the cpu controller
  t.cpu_max.reset();
  take(t);
  t = v2_cpu(101s, 1'000'000);
  t.cpu_max.reset();
  EXPECT_THAT(take(t), Contains(Pair("unit_cpu_percent", DoubleNear(25, 1e-9))));
}

TEST_F(UnitCpu, WithoutTheNumberOfCoresOnlyAQuotaCanBeUsed) {
  (void)meter_.take(v2_cpu(100s, 0), {});
  EXPECT_THAT(by_name(meter_.take(v2_cpu(101s, 1'000'000), {})), Not(Contains(Key("unit_cpu_percent"))));
  EXPECT_THAT(by_name(meter_.take(v2_cpu(102s, 1'500'000, "100000 100000\n"), {})),
              Contains(Pair("unit_cpu_percent", DoubleNear(50, 1e-9))));
}

TEST_F(UnitCpu, ACounterThatWentBackGivesNoPercentOnce) {
  take(v2_cpu(100s, 9'000'000));
  EXPECT_EQ(take(v2_cpu(101s, 10'000)), (Samples{{"unit_cpu_seconds_total", 0.01}}));
  EXPECT_THAT(take(v2_cpu(102s, 410'000)), Contains(Pair("unit_cpu_percent", DoubleNear(10, 1e-9))));
}

TEST_F(UnitCpu, ANewGroupIsNotComparedWithTheOldOne) {
  take(v2_cpu(100s, 1'000'000));
  CgroupTexts restarted = v2_cpu(101s, 1'900'000); // more than before, and still another counter
  restarted.generation = 1;
  EXPECT_THAT(take(restarted), Not(Contains(Key("unit_cpu_percent"))));
}

TEST_F(UnitCpu, TooShortATimeGivesNoPercentAndIsNotLost) {
  take(v2_cpu(100s, 0));
  EXPECT_THAT(take(v2_cpu(100s, 0)), Not(Contains(Key("unit_cpu_percent"))));
  EXPECT_THAT(take(v2_cpu(100s + UnitMeter::kMinElapsed - 1us, 40'000)), Not(Contains(Key("unit_cpu_percent"))));
  EXPECT_THAT(take(v2_cpu(100s + UnitMeter::kMinElapsed, 50'000)),
              Contains(Pair("unit_cpu_percent", DoubleNear(25, 1e-9))));
}

TEST_F(UnitCpu, TimeThatWentBackGivesNoPercentOnce) {
  take(v2_cpu(100s, 0));
  EXPECT_THAT(take(v2_cpu(90s, 1'000'000)), Not(Contains(Key("unit_cpu_percent"))));
  EXPECT_THAT(take(v2_cpu(91s, 2'000'000)), Contains(Pair("unit_cpu_percent", DoubleNear(25, 1e-9))));
}

TEST_F(UnitCpu, OfV1IsInNanosecondsWithItsOwnQuotaFiles) {
  CgroupTexts t;
  t.read_at = 100s;
  t.v1_cpuacct_usage = "1500000000\n";
  t.v1_cfs_quota_us = "-1\n";
  t.v1_cfs_period_us = "100000\n";
  EXPECT_EQ(take(t), (Samples{{"unit_cpu_seconds_total", 1.5}}));
  t.read_at = 101s;
  t.v1_cpuacct_usage = "2500000000\n";
  EXPECT_THAT(take(t), Contains(Pair("unit_cpu_percent", DoubleNear(25, 1e-9))));
  t.read_at = 102s;
  t.v1_cpuacct_usage = "3500000000\n";
  t.v1_cfs_quota_us = "200000\n";
  EXPECT_THAT(take(t), Contains(Pair("unit_cpu_percent", DoubleNear(50, 1e-9))));
  t.read_at = 103s;
  t.v1_cpuacct_usage = "4500000000\n";
  t.v1_cfs_period_us = "0\n";
  EXPECT_THAT(take(t), Not(Contains(Key("unit_cpu_percent"))));
}

TEST(UnitMemory, IsWithoutTheFilePagesThatGoFirst) {
  EXPECT_EQ(by_name(UnitMeter().take(
                v2_memory("209715200\n", "max\n", "anon 5\ninactive_anon 7\ninactive_file 104857600\n"), kHost)),
            (Samples{{"unit_memory_bytes", 100 * kMib}, {"unit_memory_percent", 10}}));
}

TEST(UnitMemory, PercentIsOfMemoryMaxWhereThereIsOne) {
  EXPECT_THAT(by_name(UnitMeter().take(v2_memory("104857600\n", "209715200\n", "inactive_file 0\n"), kHost)),
              Contains(Pair("unit_memory_percent", DoubleNear(50, 1e-9))));
}

TEST(UnitMemory, AMemoryMaxAboveTheRamIsNone) {
  EXPECT_THAT(by_name(UnitMeter().take(v2_memory("104857600\n", "99999999999\n", "inactive_file 0\n"), kHost)),
              Contains(Pair("unit_memory_percent", DoubleNear(10, 1e-9))));
}

TEST(UnitMemory, ALimitThatCannotBeReadOrIsZeroGivesNoPercent) {
  for (const char* max : {"", "max", "x\n", "0\n", "-1\n", "\n"})
    EXPECT_EQ(by_name(UnitMeter().take(v2_memory("1000\n", max, "inactive_file 0\n"), kHost)),
              (Samples{{"unit_memory_bytes", 1000}}))
        << max;
}

TEST(UnitMemory, WithoutInactiveFileThereIsNone) {
  for (const char* stat : {"", "anon 5\n", "inactive_file 5", "inactive_file x\n", "inactive_file\n"})
    EXPECT_THAT(UnitMeter().take(v2_memory("1000\n", "max\n", stat), kHost), IsEmpty()) << stat;
}

TEST(UnitMemory, IsNeverBelowZero) {
  EXPECT_EQ(by_name(UnitMeter().take(v2_memory("1000\n", "max\n", "inactive_file 2000\n"), kHost)),
            (Samples{{"unit_memory_bytes", 0}, {"unit_memory_percent", 0}}));
}

TEST(UnitMemory, OfV1HasTheGroupsBelowInIt) {
  CgroupTexts t;
  t.v1_memory_usage = "209715200\n";
  t.v1_memory_limit = "9223372036854771712\n"; // v1 for: no limit
  t.v1_memory_stat = "inactive_file 1\ntotal_inactive_file 104857600\n";
  EXPECT_EQ(by_name(UnitMeter().take(t, kHost)),
            (Samples{{"unit_memory_bytes", 100 * kMib}, {"unit_memory_percent", 10}}));
  t.v1_memory_limit = "125829120\n";
  EXPECT_THAT(by_name(UnitMeter().take(t, kHost)), Contains(Pair("unit_memory_percent", DoubleNear(100 / 1.2, 1e-9))));
}

TEST(UnitMemory, PercentNeedsToKnowTheRamOrALimit) {
  EXPECT_EQ(by_name(UnitMeter().take(v2_memory("1000\n", "max\n", "inactive_file 0\n"), {})),
            (Samples{{"unit_memory_bytes", 1000}}));
}

TEST(Unit, CountsOomKillsAndTasks) {
  CgroupTexts t;
  t.memory_events = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n";
  t.pids_current = "17\n";
  EXPECT_EQ(by_name(UnitMeter().take(t, kHost)), (Samples{{"unit_oom_kills_total", 2}, {"unit_tasks", 17}}));
  CgroupTexts v1;
  v1.v1_memory_control = "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n";
  EXPECT_EQ(by_name(UnitMeter().take(v1, kHost)), (Samples{{"unit_oom_kills_total", 4}}));
}

TEST(Unit, GarbageGivesNothing) {
  for (const char* text :
       {"", "\n", "x\n", "12", "12\n13\n", "-1\n", "nan\n", "usage_usec\n", "usage_usec x\n", "<html>\n", "1 2\n"}) {
    CgroupTexts t;
    for (auto* file : {&t.cpu_stat, &t.cpu_max, &t.memory_current, &t.memory_max, &t.memory_stat, &t.memory_events,
                       &t.pids_current, &t.v1_cpuacct_usage, &t.v1_cfs_quota_us, &t.v1_cfs_period_us,
                       &t.v1_memory_usage, &t.v1_memory_limit, &t.v1_memory_stat, &t.v1_memory_control})
      *file = text;
    EXPECT_THAT(UnitMeter().take(t, kHost), IsEmpty()) << text;
  }
}

TEST(Unit, OnAHybridHostV2ComesFirst) {
  CgroupTexts t = v2_cpu(1s, 3'000'000);
  t.v1_cpuacct_usage = "5000000000\n";
  EXPECT_THAT(by_name(UnitMeter().take(t, kHost)), Contains(Pair("unit_cpu_seconds_total", 3)));
  t.cpu_stat.reset();
  EXPECT_THAT(by_name(UnitMeter().take(t, kHost)), Contains(Pair("unit_cpu_seconds_total", 5)));
}

TEST(CgroupMounts, OfAUnifiedHost) {
  const CgroupMounts m =
      parse_mountinfo("24 30 0:22 / /proc rw,nosuid shared:13 - proc proc rw\n"
                      "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:2 - cgroup2 cgroup2 rw,nsdelegate\n");
  ASSERT_TRUE(m.v2);
  EXPECT_EQ(m.v2->point, "/sys/fs/cgroup");
  EXPECT_EQ(m.v2->root, "/");
  EXPECT_THAT(m.v1, IsEmpty());
}

TEST(CgroupMounts, OfAHybridHost) {
  const CgroupMounts m =
      parse_mountinfo("30 22 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
                      "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                      "39 30 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
                      "40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(m.v2->point, "/sys/fs/cgroup/unified");
  EXPECT_EQ(m.v1.at("cpu").point, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(m.v1.at("cpuacct").point, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(m.v1.at("name=systemd").point, "/sys/fs/cgroup/systemd");
}

TEST(CgroupMounts, BlanksInAPathAreEscaped) {
  EXPECT_EQ(parse_mountinfo("30 23 0:26 /a\\040b /mnt/c\\011d\\134 rw - cgroup2 none rw\n").v2->point, "/mnt/c\td\\");
  EXPECT_EQ(parse_mountinfo("30 23 0:26 /a\\040b /mnt/c rw - cgroup2 none rw\n").v2->root, "/a b");
}

TEST(CgroupMounts, GarbageGivesNone) {
  for (const char* text : {"", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2", "- cgroup2\n", " - cgroup2 x rw\n",
                           "30 23 0:26 - cgroup2 x rw\n", "\n\n"}) {
    EXPECT_FALSE(parse_mountinfo(text).v2) << text;
  }
}

TEST(ProcessCgroups, AreReadByController) {
  const auto paths =
      parse_process_cgroups("12:cpu,cpuacct:/init.scope\n1:name=systemd:/a:b/init.scope\n0::/init.scope\ngarbage\n:\n");
  EXPECT_THAT(paths, testing::UnorderedElementsAre(Pair("cpu", "/init.scope"), Pair("cpuacct", "/init.scope"),
                                                   Pair("name=systemd", "/a:b/init.scope"), Pair("", "/init.scope")));
}

TEST(ManagerRoot, IsWherePid1Is) {
  EXPECT_EQ(manager_root("/init.scope"), "");
  EXPECT_EQ(manager_root("/docker/abc/init.scope"), "/docker/abc");
  EXPECT_EQ(manager_root("/"), "");
  EXPECT_EQ(manager_root("/system.slice/x.service"), "");
}

TEST(DirectoryOf, GoesThroughTheMount) {
  EXPECT_EQ(directory_of({"/sys/fs/cgroup", "/"}, ""), "/sys/fs/cgroup");
  EXPECT_EQ(directory_of({"/sys/fs/cgroup", "/"}, "/"), "/sys/fs/cgroup");
  EXPECT_EQ(directory_of({"/sys/fs/cgroup", "/"}, "/docker/abc"), "/sys/fs/cgroup/docker/abc");
  EXPECT_EQ(directory_of({"/sys/fs/cgroup", "/docker/abc"}, "/docker/abc"), "/sys/fs/cgroup");
  EXPECT_EQ(directory_of({"/sys/fs/cgroup", "/docker/abc"}, "/docker/abc/x"), "/sys/fs/cgroup/x");
  EXPECT_EQ(directory_of({"/sys/fs/cgroup", "/docker/abc"}, "/docker/abcd"), "/sys/fs/cgroup");
  EXPECT_EQ(directory_of({"/sys/fs/cgroup", "/"}, "/../../x"), "/sys/fs/cgroup");
}

TEST(UnitName, GetsItsKind) {
  EXPECT_EQ(*unit_name("checkout"), "checkout.service");
  EXPECT_EQ(*unit_name("checkout.service"), "checkout.service");
  EXPECT_EQ(*unit_name("shop.v2"), "shop.v2.service");
  EXPECT_EQ(*unit_name("worker@1"), "worker@1.service");
  EXPECT_EQ(*unit_name("worker@a.b.service"), "worker@a.b.service");
  EXPECT_EQ(*unit_name("batch.slice"), "batch.slice");
  EXPECT_EQ(*unit_name("foo\\x2dbar@x-y.service"), "foo\\x2dbar@x-y.service");
}

TEST(UnitName, RefusesWhatCannotBeMeasuredAndSaysWhy) {
  const auto why = [](std::string_view name) {
    const auto r = unit_name(name);
    EXPECT_FALSE(r) << name;
    return r ? std::string() : r.error().what;
  };
  EXPECT_THAT(why(""), HasSubstr("needs a name"));
  EXPECT_THAT(why("../../etc"), HasSubstr("systemctl list-units"));
  EXPECT_THAT(why("/srv/x"), HasSubstr("systemctl list-units"));
  EXPECT_THAT(why("a b"), HasSubstr("systemctl list-units"));
  EXPECT_THAT(why("worker@.service"), HasSubstr("worker@1.service"));
  EXPECT_THAT(why("worker@"), HasSubstr("template"));
  EXPECT_THAT(why("backup.timer"), HasSubstr("name the service"));
  EXPECT_THAT(why(".service"), HasSubstr("missing"));
  EXPECT_THAT(why(std::string(250, 'a')), HasSubstr("255"));
}

TEST(LikelyCgroups, AreWhereSystemdPutsUnits) {
  EXPECT_THAT(likely_cgroups("checkout.service"),
              ElementsAre("system.slice/checkout.service", "system.slice/_checkout.service"));
  EXPECT_EQ(likely_cgroups("worker@1.service")[0], "system.slice/system-worker.slice/worker@1.service");
  EXPECT_THAT(likely_cgroups("worker@1.service"), Contains("system.slice/worker@1.service"));
  EXPECT_EQ(likely_cgroups("a-b.c@x.service")[0], "system.slice/system-a\\x2db.c.slice/a-b.c@x.service");
  EXPECT_THAT(likely_cgroups("a-b-c.slice"), ElementsAre("a.slice/a-b.slice/a-b-c.slice"));
  EXPECT_THAT(likely_cgroups("-.slice"), ElementsAre(""));
}

TEST(IsCgroupOf, KnowsTheEscapeOfNamesLikeTheKernels) {
  EXPECT_TRUE(is_cgroup_of("memory.service", "memory.service"));
  EXPECT_TRUE(is_cgroup_of("_memory.service", "memory.service"));
  EXPECT_TRUE(is_cgroup_of("__x.service", "_x.service"));
  EXPECT_FALSE(is_cgroup_of("xmemory.service", "memory.service"));
  EXPECT_FALSE(is_cgroup_of("__memory.service", "memory.service"));
}

TEST(MayHoldUnits, OnlySlices) {
  EXPECT_TRUE(may_hold_units("machine.slice"));
  EXPECT_FALSE(may_hold_units("docker-abc.scope"));
  EXPECT_FALSE(may_hold_units("user@1000.service"));
  EXPECT_FALSE(may_hold_units("docker"));
}

} // namespace
} // namespace backstop
