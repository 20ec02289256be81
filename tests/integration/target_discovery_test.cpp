// Targets that are looked for in real files and at a real name server.
#include "daemon/config/read.hpp"
#include "daemon/config/show.hpp"
#include "daemon/io/target_discovery.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/free_port.hpp"
#include "tests/integration/server_process.hpp"
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>
#include <utime.h>

namespace backstop {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

/// What is found of one source, on a loop of its own. Bounds of time are there for a failing test alone.
class Discovered {
public:
  explicit Discovered(const std::string& source, const std::vector<config::TargetConfig>& known = {}) {
    const auto read =
        config::load_service("service: shop\nmode: observe\nindicators: {}\nsources: {app: {" + source + "}}", "shop");
    if (!read.ok()) throw std::runtime_error(config::show_faults(read.faults));
    block_signals();
    loop_ = *EventLoop::create();
    auto compiled = config::compile(read.service);
    if (!compiled) throw std::runtime_error(compiled.error().what);
    watch_ = std::make_unique<ServiceWatch>(std::make_shared<const config::Service>(read.service), *compiled);
    if (!known.empty()) (void)watch_->set_targets(0, known, loop_->now());
    discovery_ = std::make_unique<TargetDiscovery>(
        *loop_, *watch_, [this](const std::string&, const FoundTargets& found) { newest = found, ++told; });
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    if (newest.targets)
      for (const config::TargetConfig& target : *newest.targets) names.push_back(target.name());
    return names;
  }
  /// How often the loop turned in that time.
  int turns(std::chrono::milliseconds lasting) {
    const Time end = loop_->fresh_now() + lasting;
    int turned = 0;
    for (; loop_->fresh_now() < end; ++turned) loop_->run_once(end - loop_->fresh_now());
    return turned;
  }
  bool until(const std::function<bool()>& done) {
    for (const Time limit = loop_->fresh_now() + std::chrono::seconds(30); !done() && loop_->fresh_now() < limit;)
      loop_->run_once(std::chrono::milliseconds(50));
    return done();
  }
  FoundTargets newest;
  int told = 0;

private:
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ServiceWatch> watch_;
  std::unique_ptr<TargetDiscovery> discovery_;
};

class FileDiscoveryTest : public testing::Test {
protected:
  /// As something that was written a while ago, in place of what is there.
  void write(const std::string& name, const std::string& text) {
    const std::string beside = dir.path() + "/." + name;
    std::ofstream(beside) << text;
    ++age;
    const utimbuf long_ago{1'700'000'000 + age, 1'700'000'000 + age};
    ::utime(beside.c_str(), &long_ago);
    std::filesystem::rename(beside, dir.path() + "/" + name);
  }
  [[nodiscard]] std::string source(const std::string& files) const {
    return "type: prometheus, file_sd: {files: [\"" + dir.path() + "/" + files + "\"], refresh: 1s}";
  }
  TemporaryDirectory dir;
  int age = 0;
};

TEST_F(FileDiscoveryTest, AFileIsReadAgainWhenItChanged) {
  write("t.json", R"([{"targets": ["h:1"], "labels": {"group": "canary"}}])");
  Discovered d(source("t.json"));
  ASSERT_TRUE(d.until([&] { return d.told == 1; }));
  EXPECT_THAT(d.names(), ElementsAre("http://h:1/metrics"));
  EXPECT_EQ(d.newest.targets->at(0).labels.at("group"), "canary");
  write("t.json", R"([{"targets": ["h:1", "h:2"]}])");
  ASSERT_TRUE(d.until([&] { return d.told == 2; }));
  EXPECT_THAT(d.names(), ElementsAre("http://h:1/metrics", "http://h:2/metrics"));
}

TEST_F(FileDiscoveryTest, AFileThatIsBeingWrittenIsLeftAlone) {
  write("t.yaml", "- targets: [h:1]\n");
  Discovered d(source("t.yaml"));
  ASSERT_TRUE(d.until([&] { return d.told == 1; }));
  std::ofstream file(dir.path() + "/t.yaml");
  for (int i = 0; i < 25; ++i) { // for longer than it is left alone, with pauses that are shorter
    file << (i == 0 ? "- targets:\n" : "  - h:" + std::to_string(i) + "\n") << std::flush;
    const auto pause = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    (void)d.until([&] { return std::chrono::steady_clock::now() > pause; });
  }
  file.close();
  ASSERT_TRUE(d.until([&] { return d.told == 2; }));
  EXPECT_EQ(d.names().size(), 24U) << "all of it at once";
}

TEST_F(FileDiscoveryTest, AFaultKeepsWhatWasKnownAndSaysWhere) {
  write("t.yaml", "- targets: [h:1]\n");
  Discovered d(source("t.yaml"));
  ASSERT_TRUE(d.until([&] { return d.told == 1; }));
  write("t.yaml", "- target: [h:2]\n");
  ASSERT_TRUE(d.until([&] { return d.told == 2; }));
  EXPECT_THAT(d.names(), ElementsAre("http://h:1/metrics"));
  EXPECT_THAT(d.newest.why, AllOf(HasSubstr("/t.yaml:1:3"), HasSubstr("no key \"target\"")));
  std::filesystem::remove(dir.path() + "/t.yaml");
  ASSERT_TRUE(d.until([&] { return d.told == 3; }));
  EXPECT_THAT(d.names(), ElementsAre("http://h:1/metrics"));
  EXPECT_THAT(d.newest.why, HasSubstr("No such file"));
  write("t.yaml", "- targets: [h:3]\n");
  ASSERT_TRUE(d.until([&] { return d.told == 4; }));
  EXPECT_THAT(d.names(), ElementsAre("http://h:3/metrics"));
  EXPECT_EQ(d.newest.why, "");
}

TEST_F(FileDiscoveryTest, ThePatternsFilesComeAndGo) {
  write("a.yaml", "- targets: [h:1]\n");
  Discovered d(source("*.yaml"));
  ASSERT_TRUE(d.until([&] { return d.told == 1; }));
  write("b.yaml", "- targets: [h:2, h:1]\n");
  ASSERT_TRUE(d.until([&] { return d.told == 2; }));
  EXPECT_THAT(d.names(), UnorderedElementsAre("http://h:1/metrics", "http://h:2/metrics"));
  std::filesystem::remove(dir.path() + "/a.yaml");
  std::filesystem::remove(dir.path() + "/b.yaml");
  ASSERT_TRUE(d.until([&] { return d.names().empty(); }));
  EXPECT_TRUE(d.newest.targets.has_value());
}

TEST_F(FileDiscoveryTest, NothingIsToldOfAFileThatWasNeverReadButWhy) {
  Discovered d(source("t.yaml"));
  ASSERT_TRUE(d.until([&] { return d.told == 1; }));
  EXPECT_FALSE(d.newest.targets.has_value());
  EXPECT_THAT(d.newest.why, HasSubstr("/t.yaml: No such file"));
}

/// A real dnsmasq on a port of loopback.
class DnsDiscoveryTest : public testing::Test {
protected:
  void SetUp() override {
    port = free_port();
    start();
  }
  void start(const std::string& records =
                 "--srv-host=_m._tcp.shop.test,one.test,8081 --srv-host=_m._tcp.shop.test,two.test,8082 "
                 "--host-record=pair.test,127.0.0.7 --host-record=pair.test,127.0.0.8 "
                 "--host-record=six.test,::9") {
    server.end(SIGKILL);
    server.start(
        "root",
        "dnsmasq --keep-in-foreground --conf-file=/dev/null --local=/test/ --no-resolv --no-hosts --user= --pid-file= "
        "--listen-address=127.0.0.1 --bind-interfaces --port=" +
            std::to_string(port) + " " + records,
        dir.path() + "/log");
  }
  [[nodiscard]] std::string source(const std::string& rest) const {
    return "type: prometheus, dns_sd: {server: \"127.0.0.1:" + std::to_string(port) + "\", refresh: 1s, " + rest + "}";
  }
  TemporaryDirectory dir;
  ServerProcess server;
  int port = 0;
};

TEST_F(DnsDiscoveryTest, ServiceRecordsSayHostAndPort) {
  Discovered d(source("names: [_m._tcp.shop.test]"));
  ASSERT_TRUE(d.until([&] { return d.newest.targets.has_value() && !d.names().empty(); }));
  EXPECT_THAT(d.names(), ElementsAre("http://one.test:8081/metrics", "http://two.test:8082/metrics"));
}

TEST_F(DnsDiscoveryTest, AddressesWantAPort) {
  Discovered d(source("names: [pair.test], type: A, port: 9100, path: /x"));
  ASSERT_TRUE(d.until([&] { return !d.names().empty(); }));
  EXPECT_THAT(d.names(), ElementsAre("http://127.0.0.7:9100/x", "http://127.0.0.8:9100/x"));
  Discovered six(source("names: [six.test], type: AAAA, port: 9100"));
  ASSERT_TRUE(six.until([&] { return !six.names().empty(); }));
  EXPECT_THAT(six.names(), ElementsAre("http://[::9]:9100/metrics"));
}

TEST_F(DnsDiscoveryTest, OneThatIsGoneLeavesAfterAWhileAndANewOneJoinsAtOnce) {
  Discovered d(source("names: [_m._tcp.shop.test]"));
  ASSERT_TRUE(d.until([&] { return d.names().size() == 2; }));
  start("--srv-host=_m._tcp.shop.test,two.test,8082 --srv-host=_m._tcp.shop.test,three.test,8083");
  ASSERT_TRUE(d.until([&] { return d.names().size() == 3; })) << "the missing one may be in the next answer";
  ASSERT_TRUE(d.until([&] { return d.names().size() == 2; }));
  EXPECT_THAT(d.names(), ElementsAre("http://three.test:8083/metrics", "http://two.test:8082/metrics"));
}

TEST_F(DnsDiscoveryTest, AServerThatIsGoneKeepsWhatWasKnown) {
  Discovered d(source("names: [_m._tcp.shop.test]"));
  ASSERT_TRUE(d.until([&] { return d.names().size() == 2; }));
  server.end(SIGKILL);
  ASSERT_TRUE(d.until([&] { return !d.newest.why.empty(); }));
  EXPECT_THAT(d.newest.why, HasSubstr("cannot look up _m._tcp.shop.test"));
  EXPECT_EQ(d.names().size(), 2U);
  start();
  ASSERT_TRUE(d.until([&] { return d.newest.why.empty(); }));
}

TEST_F(DnsDiscoveryTest, ANameWithoutRecordsIsNoneAfterThreeAnswers) {
  config::TargetConfig known;
  known.url = "http://nothing.test:80/metrics";
  Discovered d(source("names: [nothing.test]"), {known});
  ASSERT_TRUE(d.until([&] { return d.newest.targets.has_value(); }));
  EXPECT_THAT(d.names(), ElementsAre("http://nothing.test:80/metrics")) << "it may be in the next answer";
  ASSERT_TRUE(d.until([&] { return d.names().empty(); }));
}

TEST_F(DnsDiscoveryTest, WhatWasKnownBeforeStaysForTwoAnswersAndNothingTurnsTheLoopMeanwhile) {
  config::TargetConfig known;
  known.url = "http://old.test:80/metrics";
  Discovered d(source("names: [_m._tcp.shop.test]"), {known});
  ASSERT_TRUE(d.until([&] { return d.newest.targets.has_value(); }));
  EXPECT_EQ(d.names().size(), 3U);
  EXPECT_LT(d.turns(std::chrono::milliseconds(900)), 20) << "between two looks there is nothing to do";
  ASSERT_TRUE(d.until([&] { return d.names().size() == 2; }));
}

TEST_F(DnsDiscoveryTest, OfTwoNamesOneThatFailsTakesNothingFromTheOther) {
  Discovered d("type: tcp, dns_sd: {server: \"127.0.0.1:" + std::to_string(port) +
               "\", refresh: 1s, names: [pair.test, \"nothing.test\"], type: A, port: 80}");
  ASSERT_TRUE(d.until([&] { return d.newest.targets.has_value(); }));
  EXPECT_THAT(d.names(), ElementsAre("127.0.0.7:80", "127.0.0.8:80"));
}

} // namespace
} // namespace backstop
