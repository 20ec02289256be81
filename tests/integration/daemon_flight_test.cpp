#include "tests/integration/daemon_process.hpp"
#include "tests/integration/live_log.hpp"
#include <algorithm>

/// What the real daemon keeps of a deployment of a real HTTP service: it can be exported, and judged again with the same
/// outcome.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class DaemonFlight : public DaemonProcess {
protected:
  [[nodiscard]] std::string live() const { return live_log(shop.dir + "/journal.db", "D1"); }
  [[nodiscard]] Ran replay(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"replay", "--deployment", "D1"});
    return ctl(more);
  }
  /// The service's file with `what` in it changed, as a file of that name.
  std::string changed(const std::string& name, const std::string& what, const std::string& by) {
    std::string text = shop.service_file();
    text.replace(text.find(what), what.size(), by);
    write(name, text);
    return shop.dir + "/" + name;
  }
};

TEST_F(DaemonFlight, IsJudgedAgainAsItWas) {
  roll_back_once();
  const Ran again = replay();
  EXPECT_EQ(again.code, 3) << again.err;
  EXPECT_EQ(again.out, live());
  EXPECT_THAT(again.out, HasSubstr("\"decision\":\"RollBack\""));

  // As the exported text, by the file that is configured, too.
  const std::string samples = shop.dir + "/d1.om";
  const Ran exported = ctl({"export", "D1", "--output", samples});
  ASSERT_EQ(exported.code, 0) << exported.err;
  EXPECT_THAT(exported.err, HasSubstr("scrapes of D1"));
  EXPECT_EQ(ctl({"check-metrics", samples, "--format", "openmetrics"}).code, 0)
      << ctl({"check-metrics", samples, "--format", "openmetrics"}).out;
  EXPECT_THAT(shop::read_text(samples),
              AllOf(HasSubstr("# TYPE http_requests counter\n"),
                    HasSubstr("\nbackstop_scrape{backstop_source=\"app\","),
                    HasSubstr("code=\"500\",backstop_source=\"app\""), HasSubstr("\n# EOF\n")));
}

TEST_F(DaemonFlight, OtherRulesDecideOtherwise) {
  roll_back_once();
  const Ran kept = replay({"--config", changed("lax.yaml", "window: 500ms", "window: 500ms, query_offset: 40s")});
  EXPECT_NE(kept.code, 3) << kept.out;
  const std::string patient = changed("patient.yaml", "critical: 100ms", "critical: 300ms");
  const Ran later = replay({"--config", patient});
  EXPECT_EQ(later.out.find("\"RollBack\""), std::string::npos) << "by then the live one was rolled back";
}

TEST_F(DaemonFlight, OverARestartOfTheDaemonToo) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(ready_to_deploy());
  ASSERT_EQ(stop(), 0);
  ASSERT_TRUE(start());
  EXPECT_TRUE(until([&] { return ctl({"deploy", "begin", "--service", "shop", "--version", "v1-bad"}).code == 0; }));
  ASSERT_EQ(stop(), 0);
  ASSERT_TRUE(start());
  write("version", "v1-bad\n");
  ASSERT_EQ(ctl({"deploy", "finish", "D1"}).code, 0);
  ASSERT_EQ(ctl({"deploy", "wait", "D1", "--timeout", "20s"}).code, 3);
  const Ran again = replay();
  EXPECT_EQ(again.code, 3) << again.err;
  EXPECT_EQ(again.out, live());
}

TEST_F(DaemonFlight, AKilledDaemonHasWhatItDecidedOn) {
  roll_back_once();
  EXPECT_EQ(stop(SIGKILL), 128 + SIGKILL);
  ASSERT_TRUE(start());
  const Ran again = replay();
  EXPECT_EQ(again.code, 3) << again.err;
  EXPECT_EQ(again.out, live());
}

TEST_F(DaemonFlight, WhatIsNotThereIsSaidWithWhatToDo) {
  roll_back_once();
  EXPECT_EQ(stop(), 0);
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(shop.dir + "/recorder.db" + suffix);
  ASSERT_TRUE(start());
  for (const auto& words : {std::vector<std::string>{"replay", "--deployment", "D1"}, {"export", "D1"}}) {
    const Ran said = ctl(words);
    EXPECT_EQ(said.code, 1);
    EXPECT_THAT(said.err, AllOf(HasSubstr("the samples of D1"), HasSubstr("recorder.keep")));
    EXPECT_EQ(said.out, "");
  }
  EXPECT_THAT(ctl({"export", "D9"}).err, HasSubstr("deploy list"));
  EXPECT_THAT(ctl({"export", "D2"}).err, HasSubstr("it is the rollback of D1"));
  EXPECT_EQ(ctl({"replay", "--deployment", "D2"}).code, 4);
}

/// Of all blocks that `promtool tsdb list` tells of: ULID, MIN TIME, MAX TIME, DURATION, NUM SAMPLES, ...
std::int64_t samples_in(const std::string& list) {
  std::int64_t sum = 0;
  std::istringstream lines(list);
  std::string line, word;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::int64_t samples = 0;
    words >> word >> word >> word >> word >> samples;
    sum += samples;
  }
  return sum;
}

TEST_F(DaemonFlight, PromtoolTakesAnExport) {
  if (run_program({"/usr/bin/promtool", "--version"}).code != 0)
    GTEST_SKIP() << "NOT RUN: there is no promtool (Debian package prometheus)";
  roll_back_once();
  const std::string samples = shop.dir + "/d1.om", blocks = shop.dir + "/blocks";
  ASSERT_EQ(ctl({"export", "D1", "--output", samples}).code, 0);
  const Ran made = run_program({"/usr/bin/promtool", "tsdb", "create-blocks-from", "openmetrics", samples, blocks});
  ASSERT_EQ(made.code, 0) << made.out << made.err;
  const std::string text = shop::read_text(samples);
  const auto samples_written = std::count(text.begin(), text.end(), '\n') - std::count(text.begin(), text.end(), '#');
  EXPECT_EQ(samples_in(run_program({"/usr/bin/promtool", "tsdb", "list", blocks}).out), samples_written);
}

} // namespace
} // namespace backstop
