#include "daemon/io/files.hpp"
#include "daemon/runner/runner.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

/// The privileged runner without systemd: what it starts, from which files, and what it refuses.
namespace backstop::runner {
namespace {

using testing::HasSubstr;
using Ended = RunnerReply::Result;

class RunnerTest : public testing::Test {
protected:
  RunnerTest() {
    ::mkdir(path("services.d").c_str(), 0755);
    ::mkdir(path("configs").c_str(), 0700);
    write("backstop.yaml",
          "services: " + path("services.d/*.yaml") + "\nchannels: {oncall: {type: command, argv: [/bin/page]}}\n");
    write_service("/bin/deploy");
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), 0644);
  }
  void write_service(const std::string& program, const std::string& keys = "on_unknown: rerun",
                     const std::string& more = "") const {
    write("services.d/shop.yaml",
          "service: shop\nsources: {app: {type: prometheus, targets: [{url: \"http://127.0.0.1:1/metrics\"}]}}\n"
          "indicators: {error_rate: {ratio: {source: app, errors: 'r{code=\"500\"}', total: r}}}\n"
          "thresholds: {use: standard}\n" +
              more +
              "procedures:\n  rollback:\n"
              "    - {name: execute, kind: run, argv: [" +
              program + ", \"{previous_version}\"], " + keys + "}\n    - {name: verify, kind: watch}\n");
  }
  std::string hash() const { return sha256_hex(*read_file(path("services.d/shop.yaml"), 1U << 20)); }
  RunnerRequest request(RunnerRequest::What what, const std::string& config_hash) {
    RunnerRequest r;
    r.what = what;
    r.key = {"D1", "rollback", "1", ++attempt_};
    r.order = {StepOrder::Act::run, "shop/production", config_hash, "1", {}};
    if (what == RunnerRequest::What::start)
      r.order.fields = {{"version", "v2"}, {"previous_version", "v1"}, {"deployment", "D1"}};
    return r;
  }
  RunnerReply start(const std::string& config_hash) {
    return runner_.handle(text_of(request(RunnerRequest::What::start, config_hash)));
  }
  RunnerReply remember(const std::string& config_hash) {
    return runner_.handle(text_of(request(RunnerRequest::What::remember, config_hash)));
  }
  /// The command that the last started unit finds in its directory.
  std::string command() const {
    return units_.empty() ? "" : *read_file(units_.back().directory + "/command", 1U << 20);
  }

  TemporaryDirectory directory_;
  std::vector<StepUnit> units_;
  Status unit_fails_;
  std::function<void(const StepUnit&)> while_it_starts_;
  int attempt_ = 0;
  config::Files files_ = ::geteuid() == 0 ? root_files() : config_files();
  Runner runner_{Configs(path("backstop.yaml"), path("configs"), files_), *StepFiles::open(directory_.path()),
                 [this](const StepUnit& unit) {
                   if (while_it_starts_) while_it_starts_(unit);
                   if (unit_fails_) units_.push_back(unit);
                   return unit_fails_;
                 }};
};

TEST_F(RunnerTest, StartsWhatTheFileSays) {
  const RunnerReply reply = start(hash());
  ASSERT_EQ(reply.result, Ended::done) << reply.why;
  ASSERT_EQ(units_.size(), 1U);
  EXPECT_THAT(command(), AllOf(HasSubstr("argv 11:/bin/deploy\n"), HasSubstr("argv 2:v1\n")));
  EXPECT_THAT(units_[0].name, AllOf(testing::StartsWith("backstop-step-D1"), testing::EndsWith(".service")));
}

TEST_F(RunnerTest, TheUnitIsHeldToTheLimitsOfTheFile) {
  write_service("/bin/deploy", "on_unknown: rerun, limits: {memory: 1 GiB, cpu: 50%}, sandbox: standard");
  ASSERT_EQ(start(hash()).result, Ended::done);
  config::Confinement asked;
  asked.memory = std::uint64_t{1} << 30;
  asked.cpu = 50;
  asked.sandbox = config::Sandbox::standard;
  EXPECT_EQ(units_.at(0).confinement, asked);
  write_service("/bin/deploy");
  ASSERT_EQ(start(hash()).result, Ended::done);
  EXPECT_TRUE(units_.at(1).confinement.none());
}

TEST_F(RunnerTest, AStrictSandboxLeavesTheSupervisorWhatItWrites) {
  write_service("/bin/deploy", "on_unknown: rerun, sandbox: strict, writable: [/usr]", "deploy_lock: /run/lock\n");
  ASSERT_EQ(start(hash()).result, Ended::done);
  EXPECT_THAT(units_.at(0).confinement.writable, testing::ElementsAre("/usr", "/run", units_.at(0).directory));
  EXPECT_THAT(command(), HasSubstr("lock_file 9:/run/lock\n"));
}

TEST_F(RunnerTest, AWritablePathThatIsMissingIsNamedAndNothingIsRun) {
  write_service("/bin/deploy", "on_unknown: rerun, sandbox: strict, writable: [/nowhere]");
  const RunnerReply reply = start(hash());
  EXPECT_EQ(reply.result, Ended::failed);
  EXPECT_THAT(reply.why, HasSubstr("/nowhere, which is to stay writable in the sandbox: No such file"));
  EXPECT_TRUE(units_.empty());
}

TEST_F(RunnerTest, AKeyIsStartedOnce) {
  const std::string text = text_of(request(RunnerRequest::What::start, hash()));
  EXPECT_EQ(runner_.handle(text).result, Ended::done);
  EXPECT_EQ(runner_.handle(text).result, Ended::refused);
  EXPECT_EQ(units_.size(), 1U);
}

TEST_F(RunnerTest, WhatCouldNotBeStartedCanBeStartedAgain) {
  const std::string text = text_of(request(RunnerRequest::What::start, hash()));
  unit_fails_ = fail(Errc::io, "the bus is gone");
  const RunnerReply reply = runner_.handle(text);
  EXPECT_EQ(reply.result, Ended::failed);
  EXPECT_EQ(reply.why, "the bus is gone");
  unit_fails_ = {};
  EXPECT_EQ(runner_.handle(text).result, Ended::done);
}

TEST_F(RunnerTest, AStepThatRunsIsNotTakenForOneThatCouldNotBeStarted) {
  const RunnerRequest wanted = request(RunnerRequest::What::start, hash());
  step::Fd supervisor;
  while_it_starts_ = [&](const StepUnit& unit) {
    supervisor = step::Fd(::open((unit.directory + "/control").c_str(), O_RDWR | O_CLOEXEC));
  };
  unit_fails_ = fail(Errc::io, "the bus broke while it started");
  EXPECT_EQ(runner_.handle(text_of(wanted)).result, Ended::done);
  unit_fails_ = {};
  EXPECT_EQ(runner_.handle(text_of(wanted)).result, Ended::refused) << "it keeps its key";
}

TEST_F(RunnerTest, ADeploymentGoesByTheFileThatWasRemembered) {
  const std::string before = hash();
  ASSERT_EQ(remember(before).result, Ended::done);
  write_service("/bin/other");
  EXPECT_EQ(start(before).result, Ended::done);
  EXPECT_THAT(command(), HasSubstr("/bin/deploy"));
  EXPECT_EQ(remember(before).result, Ended::done) << "it is known already";
  EXPECT_EQ(start(hash()).result, Ended::done);
  EXPECT_THAT(command(), HasSubstr("/bin/other"));
}

TEST_F(RunnerTest, OneThatIsRememberedHasAllThatAreInForceKept) {
  const std::string text = *read_file(path("services.d/shop.yaml"), 1U << 20);
  write("services.d/cart.yaml", "service: cart" + text.substr(text.find('\n')));
  const std::string cart = sha256_hex(*read_file(path("services.d/cart.yaml"), 1U << 20));
  ASSERT_EQ(remember(hash()).result, Ended::done);
  ASSERT_EQ(::unlink(path("services.d/cart.yaml").c_str()), 0);
  RunnerRequest r = request(RunnerRequest::What::start, cart);
  r.order.service = "cart/production";
  EXPECT_EQ(runner_.handle(text_of(r)).result, Ended::done);
}

TEST_F(RunnerTest, AFileThatWasChangedAndNotRememberedIsRefused) {
  const std::string before = hash();
  write_service("/bin/other");
  const RunnerReply reply = start(before);
  EXPECT_EQ(reply.result, Ended::failed);
  EXPECT_THAT(reply.why, HasSubstr("was changed since backstopd read it"));
  EXPECT_TRUE(units_.empty());
}

TEST_F(RunnerTest, AKeptFileThatWasTamperedWithIsRefused) {
  const std::string kept = hash();
  ASSERT_EQ(remember(kept).result, Ended::done);
  std::ofstream(path("configs/" + kept + ".yaml"), std::ios::app) << "# more\n";
  const RunnerReply reply = start(kept);
  EXPECT_EQ(reply.result, Ended::failed);
  EXPECT_THAT(reply.why, HasSubstr("is damaged"));
}

TEST_F(RunnerTest, WhatOthersCanWriteIsNoBasis) {
  if (::geteuid() != 0) GTEST_SKIP() << "NOT TESTED: needs root";
  ::chmod(path("services.d/shop.yaml").c_str(), 0664);
  const RunnerReply writable = start(hash());
  EXPECT_EQ(writable.result, Ended::failed);
  EXPECT_THAT(writable.why, HasSubstr("chmod go-w"));
  ::chmod(path("services.d/shop.yaml").c_str(), 0644);
  ASSERT_EQ(::chown(path("services.d").c_str(), 1, 1), 0);
  const RunnerReply owned = start(hash());
  EXPECT_EQ(owned.result, Ended::failed);
  EXPECT_THAT(owned.why, HasSubstr("belongs to uid 1"));
  EXPECT_TRUE(units_.empty());
}

TEST_F(RunnerTest, AChannelIsTakenFromTheConfiguration) {
  RunnerRequest r = request(RunnerRequest::What::start, "");
  r.order = {
      StepOrder::Act::channel, "", "", "oncall", {{"key", "k"}, {"severity", "info"}, {"title", "t"}, {"body", "{}"}}};
  EXPECT_EQ(runner_.handle(text_of(r)).result, Ended::done);
  EXPECT_THAT(command(), HasSubstr("/bin/page"));
  r.key.attempt = 99;
  r.order.step = "other";
  EXPECT_EQ(runner_.handle(text_of(r)).result, Ended::failed);
}

TEST_F(RunnerTest, WhatNobodyCameForGoesAfterThirtyDays) {
  const auto wall = [] {
    return Time{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
  };
  runner_.keep_house(wall());
  write_service("/bin/deploy", "on_unknown: rerun, preflight: {argv: [/bin/true]}");
  // A question of a game day whose daemon was restarted meanwhile, a step that was told of and forgotten, and a running one.
  RunnerRequest asked = request(RunnerRequest::What::start, hash());
  asked.key = {"game-day-1-G1", "game-day", "1.preflight", 1};
  asked.order.act = StepOrder::Act::preflight;
  RunnerRequest forgotten = request(RunnerRequest::What::start, hash());
  const RunnerRequest running = request(RunnerRequest::What::start, hash());
  for (const RunnerRequest& r : {asked, forgotten, running}) {
    const RunnerReply reply = runner_.handle(text_of(r));
    ASSERT_EQ(reply.result, Ended::done) << reply.why;
  }
  const std::string alive = units_.back().directory + "/control";
  const step::Fd supervisor(::open(alive.c_str(), O_RDWR | O_CLOEXEC));
  forgotten.what = RunnerRequest::What::forget;
  forgotten.order = {};
  EXPECT_EQ(runner_.handle(text_of(forgotten)).result, Ended::done);
  const auto left = [&] {
    std::size_t n = 0;
    for (const StepUnit& unit : units_) n += ::access(unit.directory.c_str(), F_OK) == 0 ? 1 : 0;
    return n;
  };
  runner_.keep_house(wall() + std::chrono::hours(24 * 29));
  EXPECT_EQ(left(), 3U);
  runner_.keep_house(wall() + std::chrono::hours(24 * 31));
  EXPECT_EQ(left(), 1U) << "the running one keeps its files";
  EXPECT_EQ(::access(alive.c_str(), F_OK), 0);
}

TEST_F(RunnerTest, GarbageIsAnsweredWithTheReason) {
  for (const char* text :
       {"", "{", "[]", "{\"do\":\"explode\"}", "{\"do\":\"start\"}", "{\"do\":\"settle\",\"more\":\"x\"}"}) {
    const RunnerReply reply = runner_.handle(text);
    EXPECT_EQ(reply.result, Ended::failed) << text;
    EXPECT_FALSE(reply.why.empty()) << text;
  }
  EXPECT_TRUE(units_.empty());
}

} // namespace
} // namespace backstop::runner
