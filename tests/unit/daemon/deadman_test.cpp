#include "daemon/deadman.hpp"
#include "daemon/views.hpp"
#include "tests/fakes/scripted_fetcher.hpp"
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The outside service hears of this daemon while it acts, and of nothing else.
namespace backstop {
namespace {

using testing::HasSubstr;

const std::string kUrl = "https://deadman.example/ping/secret-token";

class DeadmanTest : public ::testing::Test {
protected:
  DeadmanTest() {
    fetcher_.always(kUrl, 200, "ok");
    configure(std::chrono::seconds(60));
    world_.app->deadman = &deadman_;
  }
  void configure(Duration every) { deadman_.configure(config::Deadman{{"", "/url", ""}, every}); }
  /// The daemon's timer and its loop, in virtual time.
  void run(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      world_.run(1);
      if (due_ <= world_.now) due_ = deadman_.tick(world_.now, silent_because(*world_.app));
      fetcher_.advance(std::chrono::seconds(1));
    }
  }
  [[nodiscard]] std::size_t pings() const { return fetcher_.requests().size(); }
  [[nodiscard]] Json shown() const { return status_view(*world_.app, "", world_.now)["deadman"]; }
  [[nodiscard]] std::size_t lines(const std::string& part) const {
    return static_cast<std::size_t>(std::count_if(log_.lines.begin(), log_.lines.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    }));
  }

  ShopWorld world_;
  ScriptedFetcher fetcher_;
  SilentLog log_;
  bool readable_ = true;
  Deadman deadman_{fetcher_,
                   [this](const config::Secret&) -> Result<std::string> {
                     if (!readable_) return fail(Errc::io, "/url: no such file");
                     return kUrl;
                   },
                   log_};
  Time due_{};
};

TEST_F(DeadmanTest, ItFetchesTheUrlAtTheInterval) {
  run(1);
  EXPECT_EQ(pings(), 1U);
  run(59);
  EXPECT_EQ(pings(), 1U);
  run(121);
  EXPECT_EQ(pings(), 4U);
  EXPECT_EQ(fetcher_.requests().front().method, "GET");
  EXPECT_EQ(fetcher_.requests().front().url, kUrl);
  EXPECT_TRUE(fetcher_.requests().front().secret_path) << "or errors would name it in the log";
  EXPECT_TRUE(shown().flag("well"));
  EXPECT_EQ(shown()["last_ok"], wall(deadman_.health().last_ok));
  EXPECT_TRUE(log_.lines.empty());
}

TEST_F(DeadmanTest, NothingIsSentAndNothingShownWithoutOne) {
  deadman_.configure(std::nullopt);
  run(100);
  EXPECT_EQ(pings(), 0U);
  EXPECT_TRUE(shown().is_null());
  EXPECT_EQ(due_, kNever);
}

TEST_F(DeadmanTest, SilentWhileTheJournalCannotBeWritten) {
  run(1);
  world_.faulty->fail_at(world_.faulty->appends() + 1, 130); // tried again each second
  world_.adopt("shop", "v1");
  run(120);
  EXPECT_EQ(pings(), 1U);
  EXPECT_THAT(shown().text("silent"), HasSubstr("cannot be written"));
  EXPECT_FALSE(shown().flag("well"));
  EXPECT_EQ(lines("no dead-man pings"), 1U);
  run(90);
  EXPECT_EQ(pings(), 2U);
  EXPECT_TRUE(shown().flag("well"));
  EXPECT_EQ(lines("sent again"), 1U);
}

TEST_F(DeadmanTest, SilentWhileNothingCanBeRead) {
  run(1);
  world_.shops[ShopWorld::kShop].answers = false;
  run(121);
  EXPECT_EQ(pings(), 1U);
  EXPECT_THAT(shown().text("silent"), HasSubstr("connection refused"));
}

TEST_F(DeadmanTest, OneDeafServiceOfTwoIsNoReasonForSilence) {
  ShopConfig other;
  other.name = "cart";
  world_.replace_config({ShopConfig{}.text(), other.text()});
  run(5);
  world_.shops[ShopWorld::kShop].answers = false;
  const std::size_t before = pings();
  run(121);
  EXPECT_EQ(pings(), before + 2);
}

TEST_F(DeadmanTest, SilentWhileNoServiceIsWatched) {
  world_.replace_config({});
  run(61);
  EXPECT_EQ(pings(), 0U);
  EXPECT_EQ(shown().text("silent"), "no service is watched");
}

TEST_F(DeadmanTest, AnOutageOfTheOtherSideIsOneLineAndItsEndAnother) {
  run(1);
  fetcher_.always(kUrl, 503, "");
  run(300);
  EXPECT_EQ(deadman_.health().failed, 5U);
  EXPECT_EQ(shown().text("error"), "answered status 503");
  EXPECT_FALSE(shown().flag("well"));
  EXPECT_EQ(lines("is not taken"), 1U);
  fetcher_.always(kUrl, 204, "");
  run(60);
  EXPECT_TRUE(shown().flag("well"));
  EXPECT_EQ(lines("taken again"), 1U);
}

TEST_F(DeadmanTest, AUrlThatCannotBeReadIsAFailureThatIsTriedAgain) {
  readable_ = false;
  run(61);
  EXPECT_EQ(deadman_.health().failed, 2U);
  EXPECT_EQ(shown().text("error"), "/url: no such file");
  readable_ = true;
  run(60);
  EXPECT_TRUE(shown().flag("well"));
}

TEST_F(DeadmanTest, OnePingAtATimeAndNoneOutlivesItsInterval) {
  configure(std::chrono::seconds(3));
  fetcher_.hang(kUrl);
  run(30);
  EXPECT_LE(fetcher_.under_way(), 1U);
  EXPECT_GE(deadman_.health().failed, 4U);
  EXPECT_THAT(shown().text("error"), HasSubstr("no answer in time"));
}

TEST_F(DeadmanTest, ANewUrlIsAskedAtOnceAndTheOldAnswerForgotten) {
  fetcher_.hang(kUrl);
  run(1);
  configure(std::chrono::seconds(5));
  due_ = Time{};
  EXPECT_EQ(fetcher_.under_way(), 0U);
  fetcher_.always(kUrl, 200, "");
  run(1);
  EXPECT_EQ(pings(), 2U);
  EXPECT_EQ(deadman_.health().failed, 0U);
}

} // namespace
} // namespace backstop
