#include "collectors/host.hpp"
#include <gmock/gmock.h>
#include <map>

namespace backstop {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::DoubleEq;
using testing::DoubleNear;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;

/// name{label="value",…} → value
using Samples = std::map<std::string, double>;

Samples by_name(const std::vector<RawSample>& samples) {
  Samples out;
  for (const RawSample& s : samples) {
    std::string key = s.name;
    for (std::size_t i = 0; i < s.labels.size(); ++i)
      key += (i == 0 ? "{" : ",") + s.labels[i].first + "=\"" + s.labels[i].second + "\"";
    EXPECT_TRUE(out.emplace(key + (s.labels.empty() ? "" : "}"), s.value).second) << key << " twice";
  }
  return out;
}

/// /proc/stat of a host with two cores. The guest fields hold nonsense: they must not be counted a second time.
std::string stat_of(const std::string& user, const std::string& nice, const std::string& system,
                    const std::string& idle, const std::string& iowait, const std::string& irq,
                    const std::string& softirq, const std::string& steal) {
  return "cpu  " + user + " " + nice + " " + system + " " + idle + " " + iowait + " " + irq + " " + softirq + " " +
         steal +
         " 999999 999999\n"
         "cpu0 1 0 0 0 0 0 0 0 0 0\ncpu1 1 0 0 0 0 0 0 0 0 0\nintr 5 1 2\nctxt 77\n";
}
std::string stat_of(int user, int idle) {
  return stat_of(std::to_string(user), "0", "0", std::to_string(idle), "0", "0", "0", "0");
}

HostTexts only_stat(std::string stat) {
  HostTexts texts;
  texts.stat = std::move(stat);
  return texts;
}

class HostCpu : public testing::Test {
protected:
  Samples take(std::string stat) { return by_name(meter_.take(only_stat(std::move(stat)))); }
  HostMeter meter_;
};

TEST_F(HostCpu, TheFirstReadingHasCountersAndNoPercent) {
  const Samples s = take(stat_of("100", "20", "300", "4000", "50", "6", "7", "8"));
  EXPECT_THAT(s, Not(Contains(Key("host_cpu_percent"))));
  EXPECT_EQ(s, (Samples{{"host_cpu_seconds_total{mode=\"user\"}", 1},
                        {"host_cpu_seconds_total{mode=\"nice\"}", 0.2},
                        {"host_cpu_seconds_total{mode=\"system\"}", 3},
                        {"host_cpu_seconds_total{mode=\"idle\"}", 40},
                        {"host_cpu_seconds_total{mode=\"iowait\"}", 0.5},
                        {"host_cpu_seconds_total{mode=\"irq\"}", 0.06},
                        {"host_cpu_seconds_total{mode=\"softirq\"}", 0.07},
                        {"host_cpu_seconds_total{mode=\"steal\"}", 0.08}}));
}

TEST_F(HostCpu, StealIsBusyAndWaitingForDisksIsIdle) {
  take(stat_of("0", "0", "0", "0", "0", "0", "0", "0"));
  // 10+1+5+2+2+20 = 40 busy of 100
  EXPECT_THAT(take(stat_of("10", "1", "5", "40", "20", "2", "2", "20")),
              Contains(Pair("host_cpu_percent", DoubleNear(40, 1e-9))));
}

TEST_F(HostCpu, PercentIsOfTheTimeSinceTheLastReading) {
  take(stat_of(1000, 1000));
  EXPECT_THAT(take(stat_of(1050, 1150)), Contains(Pair("host_cpu_percent", DoubleNear(25, 1e-9))));
  EXPECT_THAT(take(stat_of(1250, 1150)), Contains(Pair("host_cpu_percent", DoubleNear(100, 1e-9))));
  EXPECT_THAT(take(stat_of(1250, 1350)), Contains(Pair("host_cpu_percent", DoubleNear(0, 1e-9))));
}

TEST_F(HostCpu, TooShortATimeGivesNoPercentAndIsNotLost) {
  take(stat_of(0, 0));
  EXPECT_THAT(take(stat_of(9, 0)), Not(Contains(Key("host_cpu_percent"))));
  EXPECT_THAT(take(stat_of(9, 1)), Contains(Pair("host_cpu_percent", DoubleNear(90, 1e-9))));
}

TEST_F(HostCpu, TheSameReadingTwiceDividesNothingByZero) {
  take(stat_of(5, 5));
  EXPECT_THAT(take(stat_of(5, 5)), Not(Contains(Key("host_cpu_percent"))));
}

TEST_F(HostCpu, CountersSetBackGiveNoPercentOnce) {
  take(stat_of(5000, 5000));
  const Samples s = take(stat_of(4900, 9000));
  EXPECT_THAT(s, Not(Contains(Key("host_cpu_percent"))));
  EXPECT_THAT(s, Contains(Pair("host_cpu_seconds_total{mode=\"user\"}", 49)));
  EXPECT_THAT(take(stat_of(4950, 9050)), Contains(Pair("host_cpu_percent", DoubleNear(50, 1e-9))));
}

TEST_F(HostCpu, ASlipOfIdleTimeIsNoReset) {
  take(stat_of(1000, 5000));
  const Samples s = take(stat_of(1200, 4999));
  EXPECT_THAT(s, Contains(Pair("host_cpu_percent", DoubleNear(100, 1e-9))));
  // A counter shown going back would be taken for one that began again from 0.
  EXPECT_THAT(s, Contains(Pair("host_cpu_seconds_total{mode=\"idle\"}", 50)));
}

TEST_F(HostCpu, IdleTimeFallingFarIsNotAFullHost) {
  take(stat_of(1000, 5000)); // as when a core is taken away
  EXPECT_THAT(take(stat_of(1010, 3000)), Not(Contains(Key("host_cpu_percent"))));
  EXPECT_THAT(take(stat_of(1020, 3090)), Contains(Pair("host_cpu_percent", DoubleNear(10, 1e-9))));
}

TEST(HostCpuTicks, AreOfTheGivenLength) {
  HostMeter meter(250);
  EXPECT_THAT(by_name(meter.take(only_stat(stat_of(1000, 500)))),
              AllOf(Contains(Pair("host_cpu_seconds_total{mode=\"user\"}", 4)),
                    Contains(Pair("host_cpu_seconds_total{mode=\"idle\"}", 2))));
}

struct Garbage {
  const char* what;
  const char* stat;
};
class HostCpuGarbage : public testing::TestWithParam<Garbage> {};
TEST_P(HostCpuGarbage, GivesNothing) {
  HostMeter meter;
  EXPECT_THAT(meter.take(only_stat(GetParam().stat)), IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(
    Stat, HostCpuGarbage,
    testing::Values(Garbage{"empty", ""}, Garbage{"cut", "cpu  1 2 3 4 5 6 7 8 9"},
                    Garbage{"cutearly", "cpu  1 2 3 4 5 6 7\n"}, Garbage{"letters", "cpu  1 2 3 x 5 6 7 8\n"},
                    Garbage{"negative", "cpu  1 2 3 -4 5 6 7 8\n"}, Garbage{"nan", "cpu  1 2 3 nan 5 6 7 8\n"},
                    Garbage{"infinite", "cpu  1 2 3 inf 5 6 7 8\n"}, Garbage{"nototal", "cpu0 1 2 3 4 5 6 7 8\n"},
                    Garbage{"toolarge", "cpu  1 2 3 1e999 5 6 7 8\n"}, Garbage{"html", "<html>\n\n</html>\n"}),
    [](const auto& p) { return std::string(p.param.what); });

TEST(HostCapacity, CountsCoresAndMemory) {
  HostTexts texts = only_stat(stat_of(1, 1));
  texts.meminfo = "MemTotal:       2000 kB\n";
  const HostCapacity capacity = capacity_of(texts);
  EXPECT_EQ(capacity.cores, 2);
  EXPECT_EQ(capacity.memory_bytes, 2000.0 * 1024);
}

TEST(HostCapacity, IsZeroWhereNotKnown) {
  EXPECT_EQ(capacity_of({}).cores, 0);
  EXPECT_EQ(capacity_of({}).memory_bytes, 0);
  EXPECT_EQ(capacity_of(only_stat("nothing\n")).cores, 0);
}

Samples memory_of(const std::string& meminfo) {
  HostTexts texts;
  texts.meminfo = meminfo;
  return by_name(HostMeter().take(texts));
}

TEST(HostMemory, IsWhatCannotBeHadWithoutSwapping) {
  EXPECT_THAT(memory_of("MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    250 kB\nBuffers: 5 kB\n"),
              testing::UnorderedElementsAre(Pair("host_memory_percent", DoubleEq(75)),
                                            Pair("host_memory_total_bytes", 1024000),
                                            Pair("host_memory_available_bytes", 256000)));
}

TEST(HostMemory, WithoutAvailableHasNoPercent) {
  EXPECT_EQ(memory_of("MemTotal:       1000 kB\nMemFree:         100 kB\n"),
            (Samples{{"host_memory_total_bytes", 1024000}}));
}

TEST(HostMemory, OfNothingIsNotDividedBy) {
  EXPECT_THAT(memory_of("MemTotal: 0 kB\nMemAvailable: 0 kB\n"), Not(Contains(Key("host_memory_percent"))));
}

TEST(HostMemory, MoreAvailableThanThereIsIsNotLessThanNothing) {
  EXPECT_THAT(memory_of("MemTotal: 10 kB\nMemAvailable: 20 kB\n"), Contains(Pair("host_memory_percent", 0)));
}

TEST(HostMemory, GarbageGivesNothing) {
  for (const char* text : {"", "MemTotal:", "MemTotal: 100", "MemTotal: 100 kB", "MemTotal: x kB\n",
                           "MemTotal: 100 MB\n", "MemTotal:\nMemAvailable:\n", "memtotal: 5 kB\n"})
    EXPECT_THAT(memory_of(text), IsEmpty()) << text;
}

Samples load_of(const std::string& loadavg) {
  HostTexts texts;
  texts.loadavg = loadavg;
  return by_name(HostMeter().take(texts));
}

TEST(HostLoad, IsTakenAsItIs) {
  EXPECT_EQ(load_of("0.52 1.58 12.59 3/467 12345\n"),
            (Samples{{"host_load1", 0.52}, {"host_load5", 1.58}, {"host_load15", 12.59}}));
}

TEST(HostLoad, GarbageGivesNothing) {
  for (const char* text :
       {"", "0.52", "0.52 1.58 12.59 3/467 12345", "\n", "a b c\n", "nan -1 inf\n", "0.5 0.5 0.5 1/2 3\nmore\n"})
    EXPECT_THAT(load_of(text), IsEmpty()) << text;
}

TEST(HostPressure, HasEachWindow) {
  HostTexts texts;
  texts.pressure_memory =
      "some avg10=1.50 avg60=2.00 avg300=0.00 total=105518752\nfull avg10=0.50 avg60=0.00 avg300=0.25 total=9\n";
  EXPECT_EQ(by_name(HostMeter().take(texts)),
            (Samples{{"host_pressure_percent{resource=\"memory\",kind=\"some\",window=\"10s\"}", 1.5},
                     {"host_pressure_percent{resource=\"memory\",kind=\"some\",window=\"60s\"}", 2},
                     {"host_pressure_percent{resource=\"memory\",kind=\"some\",window=\"300s\"}", 0},
                     {"host_pressure_percent{resource=\"memory\",kind=\"full\",window=\"10s\"}", 0.5},
                     {"host_pressure_percent{resource=\"memory\",kind=\"full\",window=\"60s\"}", 0},
                     {"host_pressure_percent{resource=\"memory\",kind=\"full\",window=\"300s\"}", 0.25}}));
}

TEST(HostPressure, FullOfCpuMeansNothingForAHost) {
  HostTexts texts;
  texts.pressure_cpu =
      "some avg10=66.10 avg60=47.07 avg300=19.94 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
  texts.pressure_io = "some avg10=0.00\nfull avg10=0.00\n";
  const Samples s = by_name(HostMeter().take(texts));
  EXPECT_THAT(s, Contains(Key("host_pressure_percent{resource=\"cpu\",kind=\"some\",window=\"10s\"}")));
  EXPECT_THAT(s, Contains(Key("host_pressure_percent{resource=\"io\",kind=\"full\",window=\"10s\"}")));
  EXPECT_THAT(s, Not(Contains(Key(testing::HasSubstr("resource=\"cpu\",kind=\"full\"")))));
}

TEST(HostPressure, GarbageGivesNothing) {
  for (const char* text :
       {"", "some", "some avg10=1.5", "some\n", "some avg10\n", "some avg10=x avg60= avg300=-1\n", "none avg10=1\n"}) {
    HostTexts texts;
    texts.pressure_io = text;
    EXPECT_THAT(HostMeter().take(texts), IsEmpty()) << text;
  }
}

TEST(Host, WithoutAnyFileThereIsNothing) { EXPECT_THAT(HostMeter().take({}), IsEmpty()); }

} // namespace
} // namespace backstop
