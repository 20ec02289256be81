#include "daemon/step/memory_events.hpp"
#include <gtest/gtest.h>

/// Whether the kernel killed for want of memory: read from texts of the kernel, decided from two counts.
namespace backstop::step {
namespace {

constexpr const char* kText = "low 0\nhigh 3\nmax 412\noom 2\noom_kill 1\noom_group_kill 0\n";

TEST(MemoryEvents, AreReadByName) {
  EXPECT_EQ(parse_memory_events(kText), (MemoryEvents{2, 1}));
  EXPECT_EQ(parse_memory_events("oom_kill 7\noom 9"), (MemoryEvents{9, 7}));
}

TEST(MemoryEvents, AreUnknownWhereOneIsMissingOrNoNumber) {
  for (const char* text :
       {"", "\n", "oom 1\n", "oom_kill 1\n", "oom x\noom_kill 1\n", "oom\noom_kill\n", "oom 1 2\noom_kill 1\n"})
    EXPECT_EQ(parse_memory_events(text), std::nullopt) << text;
}

TEST(MemoryEvents, BelongToTheCgroupOfV2) {
  EXPECT_EQ(cgroup_in("0::/system.slice/backstop-step-D1.service\n"), "/system.slice/backstop-step-D1.service");
  EXPECT_EQ(cgroup_in("4:memory:/a\n1:name=systemd:/b\n0::/c\n"), "/c") << "beside v1";
  EXPECT_EQ(cgroup_in("4:memory:/a\n10:pids:/\n"), "");
  EXPECT_EQ(cgroup_in(""), "");
}

TEST(MemoryEvents, WithoutAKillBetweenTheCountsMemoryDidNotRunOut) {
  EXPECT_EQ(out_of_memory({0, 0}, {0, 0}, "max\n"), "");
  EXPECT_EQ(out_of_memory({2, 5}, {2, 5}, "max\n"), "") << "an earlier one is not ours";
  EXPECT_EQ(out_of_memory({0, 0}, {3, 0}, "536870912\n"), "") << "the limit was reached, and nobody was killed";
}

TEST(MemoryEvents, AKillNamesTheLimitThatWasReached) {
  EXPECT_EQ(out_of_memory({0, 0}, {1, 1}, "536870912\n"), "out of memory (limit 512 MiB)");
  EXPECT_EQ(out_of_memory({4, 4}, {5, 6}, "104857600"), "out of memory (limit 100 MiB)");
  EXPECT_EQ(out_of_memory({0, 0}, {1, 1}, "20481024\n"), "out of memory (limit 20001 KiB)");
  EXPECT_EQ(out_of_memory({0, 0}, {1, 1}, "max\n"), "out of memory") << "a limit of a cgroup below";
  EXPECT_EQ(out_of_memory({0, 0}, {1, 1}, ""), "out of memory");
}

TEST(MemoryEvents, AKillWithoutAnOwnLimitReachedSaysThatTheMemoryWasNotTheSteps) {
  EXPECT_EQ(out_of_memory({0, 0}, {0, 1}, "536870912\n"), "out of memory, the host's or that of a slice around it");
}

} // namespace
} // namespace backstop::step
