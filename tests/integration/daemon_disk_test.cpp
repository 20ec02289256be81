#include "tests/integration/daemon_process.hpp"
#include "tests/integration/small_disk.hpp"

/// The real daemon on a file system without room: nothing is lost, nothing is done unrecorded, and it says so.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class DaemonDisk : public DaemonProcess {
protected:
  void SetUp() override {
    const std::string state = shop.dir + "/state";
    ASSERT_EQ(::mkdir(state.c_str(), 0755), 0);
    disk = SmallDisk::mount(state, "size=12m");
    if (!disk) GTEST_SKIP() << "NOT PERMITTED HERE: a mount namespace of our own; this was NOT tested";
    shop.settings.state = state;
    shop.before_exec = [this] { return disk->enter(); };
    write("backstop.yaml", shop.daemon_file());
  }
  [[nodiscard]] std::string hog_path() const { return disk->outside() + "/hog"; }
  Ran hold(const std::string& reason) { return ctl({"hold", "shop", "--for", "10m", "--reason", reason}); }
  /// Fills the disk, and writes records until the reserve is used up too. The reason of the first that was not written.
  std::string use_up() {
    const std::string padding(4000, '.');
    std::string refused;
    EXPECT_TRUE(until([&] {
      hogs.push_back(std::make_unique<Hog>(hog_path() + std::to_string(hogs.size())));
      const std::string reason = "n" + std::to_string(hogs.size()) + padding;
      const auto answer = ask("POST", "/v1/hold", R"({"service":"shop","for_s":600,"reason":")" + reason + "\"}");
      if (answer && answer->status == 503) refused = reason, why = answer->body;
      return !refused.empty();
    }));
    return refused;
  }
  std::string held() { return service()["hold"].text("reason"); }

  std::unique_ptr<SmallDisk> disk;
  std::vector<std::unique_ptr<Hog>> hogs;
  std::string why;
};

TEST_F(DaemonDisk, WhatCannotBeWrittenIsKeptAndNothingIsLostOnceThereIsRoom) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(ready_to_deploy());
  ASSERT_EQ(ctl({"deploy", "begin", "--service", "shop", "--version", "v1-bad"}).code, 0);
  write("version", "v1-bad\n");
  const std::string waiting = use_up();
  ASSERT_FALSE(waiting.empty());
  EXPECT_THAT(why, AllOf(HasSubstr("\"code\":\"journal\""), HasSubstr("it is not on disk yet: "),
                         HasSubstr("no space left on this file system"),
                         HasSubstr("it takes effect as soon as the journal can be written")));
  const Ran refused = ctl({"deploy", "finish", "D1"});
  EXPECT_EQ(refused.code, 4);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("nothing can be recorded: the journal cannot be written: "),
                                 HasSubstr("no space left"), HasSubstr("(mend the journal (free space,")));
  EXPECT_THAT(ctl({"status"}).out, AllOf(HasSubstr("OBSERVING ONLY"), HasSubstr("no space left")));
  EXPECT_THAT(metrics(), HasSubstr("backstop_acts 0\n"));
  EXPECT_TRUE(until([&] { return pager.count("no space left") >= 1; })) << "the webhook is paged";
  EXPECT_TRUE(runs());

  hogs.clear();
  EXPECT_TRUE(until([&] { return status_document().flag("acts"); })) << "it goes on by itself";
  EXPECT_EQ(held(), waiting) << "what was asked for meanwhile is recorded then";
  EXPECT_LE(pager.count("no space left"), 2) << "no flood of pages";
  ASSERT_EQ(ctl({"unhold", "shop"}).code, 0);
  ASSERT_EQ(ctl({"deploy", "finish", "D1"}).code, 0);
  EXPECT_EQ(ctl({"deploy", "wait", "D1", "--timeout", "20s"}).code, 3) << "rolled back and verified";
  EXPECT_EQ(shop::read_text(shop.dir + "/version"), "v0-good\n");
  EXPECT_EQ(stop(), 0);
  ASSERT_TRUE(start()) << "the journal is whole";
  EXPECT_EQ(shop.ask("GET", "/v1/deployments/D1")["deployment"].text("phase"), "rolled_back_verified");
}

TEST_F(DaemonDisk, ARegressionOnAFullDiskIsActedUponOnceThereIsRoom) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(ready_to_deploy());
  ASSERT_EQ(ctl({"deploy", "begin", "--service", "shop", "--version", "v1-bad"}).code, 0);
  ASSERT_EQ(ctl({"deploy", "finish", "D1"}).code, 0);
  ASSERT_FALSE(use_up().empty());
  write("version", "v1-bad\n");
  // The level is judged and shown on the full disk, and nothing is done: no step has run.
  EXPECT_TRUE(until([&] { return service().text("level") == "critical"; }));
  EXPECT_EQ(shop::read_text(shop.dir + "/steps.log"), "");
  hogs.clear();
  EXPECT_TRUE(until([&] { return status_document().flag("acts"); }));
  ASSERT_EQ(ctl({"unhold", "shop"}).code, 0);
  EXPECT_EQ(ctl({"deploy", "wait", "D1", "--timeout", "20s"}).code, 3);
  EXPECT_THAT(shop::read_text(shop.dir + "/steps.log"), HasSubstr("D1 execute "));
}

TEST_F(DaemonDisk, AStartOnAFullDiskPagesAndGoesOnOnceThereIsRoom) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(ready_to_deploy());
  ASSERT_FALSE(use_up().empty());
  // SQLite's files are left by a kill, and have to be made anew after a stop.
  for (const int signal : {SIGKILL, SIGTERM}) {
    stop(signal);
    hogs.push_back(std::make_unique<Hog>(hog_path() + "-last" + std::to_string(signal)));
    ASSERT_TRUE(start()) << "ended with " << ended << ": a crash loop under the service manager";
  }
  EXPECT_THAT(ctl({"status"}).out, AllOf(HasSubstr("OBSERVING ONLY"), HasSubstr("no space left")));
  EXPECT_THAT(metrics(), HasSubstr("backstop_acts 0\n"));
  EXPECT_TRUE(until([&] { return pager.count("no space left") >= 1; }));
  hogs.clear();
  EXPECT_TRUE(until([&] { return status_document().flag("acts"); })) << "it is opened again by itself";
  EXPECT_THAT(metrics(), HasSubstr("backstop_acts 1\n"));
  EXPECT_EQ(service().text("version"), "v0-good");
}

} // namespace
} // namespace backstop
