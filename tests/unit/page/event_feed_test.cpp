#include "daemon/event_feed.hpp"
#include <gtest/gtest.h>

/// What the page's stream says while nothing is recorded.
namespace backstop {
namespace {

class Reader : public web::Exchange {
public:
  void answer(web::Response) override {}
  void begin_stream() override {}
  bool push(std::string_view data) override {
    if (left) return false;
    heard += data;
    return true;
  }
  void close() override {}
  [[nodiscard]] bool gone() const override { return left; }
  void on_gone(std::function<void()>) override {}

  std::string heard;
  bool left = false;
};

TEST(EventFeed, BeatsWithAnEmptyCommentAndDropsWhoIsGone) {
  EventFeed feed;
  const auto stays = std::make_shared<Reader>(), leaves = std::make_shared<Reader>();
  feed.subscribe(web::Stream(stays));
  feed.subscribe(web::Stream(leaves));
  stays->heard.clear();
  feed.beat();
  EXPECT_EQ(stays->heard, ": \n\n");
  leaves->left = true;
  feed.beat();
  EXPECT_EQ(feed.readers(), 1U);
}

} // namespace
} // namespace backstop
