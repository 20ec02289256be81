#include "daemon/ctl/actions.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/unit/replay/samples_text.hpp"
#include <fstream>
#include <gtest/gtest.h>

/// `backstopctl replay`: files in, lines and exit codes out.
namespace backstop::ctl::test {
namespace {

using backstop::replay::test::at;
using backstop::replay::test::SamplesText;

class ReplayCommand : public testing::Test {
protected:
  ReplayCommand() { write("shop.yaml", ShopConfig().text()); }
  void write(const std::string& name, const std::string& text) { std::ofstream(path(name), std::ios::binary) << text; }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  Said run(const SamplesText& samples, std::optional<double> end = {}) {
    write("shop.om", samples.text());
    Replay replay{path("shop.yaml"), path("shop.om"), at(99.5), "", {}, false};
    if (end) replay.end = at(*end);
    return run_replay({}, replay);
  }
  TemporaryDirectory folder_;
};

TEST_F(ReplayCommand, ExitCodesSayWhatWouldHaveBeen) {
  EXPECT_EQ(run(SamplesText().run(300)).exit_code, kDone);
  EXPECT_EQ(run(SamplesText().run(100), 200).exit_code, kUndecided);
  const Said bad = run(SamplesText().run(99).run(100, 0.2));
  EXPECT_EQ(bad.exit_code, kRolledBack);
  EXPECT_EQ(bad.err, "");
  EXPECT_EQ(bad.out.rfind(R"({"schema":1,"t":17672257)", 0), 0U) << bad.out;
  EXPECT_NE(bad.out.find(R"("decision":"RollBack")"), std::string::npos) << bad.out;
}

TEST_F(ReplayCommand, APastDeploymentNeedsTheDaemon) {
  Invocation invocation;
  invocation.socket = path("none.sock");
  Replay replay;
  replay.deployment = "D1";
  for (const Said& said : {run_replay(invocation, replay), run_export(invocation, {"D1", ""})}) {
    EXPECT_EQ(said.exit_code, kUnreachable);
    EXPECT_EQ(said.out, "");
    EXPECT_EQ(said.err.rfind("backstopctl: the daemon does not answer at " + path("none.sock"), 0), 0U) << said.err;
  }
}

TEST_F(ReplayCommand, EventsFromAFile) {
  write("shop.om", SamplesText().run(99).run(100, 0.2).text());
  write("events.jsonl", "{\"t\":1767225699.5,\"event\":\"begin\"}\n");
  const Said begun = run_replay({}, {path("shop.yaml"), path("shop.om"), {}, path("events.jsonl"), {}, false});
  EXPECT_EQ(begun.exit_code, kUndecided) << "30 s without a finish: reported, and left to a person; " << begun.err;
  write("events.jsonl", "{\"t\":1767225699.5,\"event\":\"begins\"}\n");
  const Said wrong = run_replay({}, {path("shop.yaml"), path("shop.om"), {}, path("events.jsonl"), {}, false});
  EXPECT_EQ(wrong.exit_code, kInputError);
  EXPECT_EQ(wrong.err,
            "backstopctl: " + path("events.jsonl") + ":1: \"begins\" is no event (did you mean \"begin\"?)\n");
}

TEST_F(ReplayCommand, BadInputIsSaidOnStandardErrorAlone) {
  const Said missing = run_replay({}, {path("shop.yaml"), path("none.om"), at(1), "", {}, false});
  EXPECT_EQ(missing.exit_code, kInputError);
  EXPECT_EQ(missing.err, "backstopctl: " + path("none.om") + ": No such file or directory\n");
  write("shop.om", "r 1\n# EOF\n");
  const Said plain = run_replay({}, {path("shop.yaml"), path("shop.om"), at(1), "", {}, false});
  EXPECT_EQ(plain.exit_code, kInputError);
  EXPECT_EQ(plain.out, "");
  EXPECT_EQ(plain.err.rfind("backstopctl: " + path("shop.om") + ":1: the sample has no timestamp", 0), 0U) << plain.err;
  write("bad.yaml", "service: shop\nbaek: {}\n");
  const Said faults = run_replay({}, {path("bad.yaml"), path("shop.om"), at(1), "", {}, false});
  EXPECT_EQ(faults.exit_code, kInputError);
  EXPECT_NE(faults.err.find("bad.yaml:2:1: "), std::string::npos) << faults.err;
}

} // namespace
} // namespace backstop::ctl::test
