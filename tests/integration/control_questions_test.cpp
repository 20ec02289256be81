#include "daemon/io/control_questions.hpp"
#include "tests/integration/raw_server.hpp"
#include <array>
#include <future>
#include <gmock/gmock.h>
#include <unistd.h>

namespace backstop {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class ControlQuestionsTest : public testing::Test {
protected:
  ControlQuestionsTest() : path_(testing::TempDir() + "backstop-questions-" + std::to_string(getpid()) + ".sock") {}
  ~ControlQuestionsTest() override { unlink(path_.c_str()); }

  /// The next answer, waited for with a bound.
  static ControlQuestions::Answered next(ControlQuestions& questions) {
    for (int i = 0; i < 100; ++i) {
      auto answered = questions.wait({}, 100ms);
      if (!answered.empty()) return answered.front();
    }
    return {-1, fail(Errc::timeout, "nothing came")};
  }
  std::string path_;
};

TEST_F(ControlQuestionsTest, ASlowAnswerKeepsNoOtherBack) {
  std::promise<void> release;
  auto released = release.get_future().share();
  RawServer server(path_, [released](RawServer::Connection& c) {
    while (const auto request = c.read_request()) {
      if (request->find("/slow") != std::string::npos) released.wait();
      if (!c.send(http_answer(200, request->substr(0, request->find(' ', 5))))) return;
    }
  });
  ControlQuestions questions(path_);
  questions.ask(1, "GET", "/slow", "", 10s);
  questions.ask(2, "POST", "/quick", "{}", 10s);
  const auto first = next(questions);
  EXPECT_EQ(first.id, 2);
  ASSERT_TRUE(first.answer) << first.answer.error().what;
  EXPECT_EQ(first.answer->body, "POST /quick");
  release.set_value();
  const auto second = next(questions);
  EXPECT_EQ(second.id, 1);
  ASSERT_TRUE(second.answer);
  EXPECT_EQ(second.answer->status, 200);
}

TEST_F(ControlQuestionsTest, NobodyThereIsAnAnswerWithWhatToDo) {
  ControlQuestions questions(path_);
  questions.ask(7, "GET", "/v1/status", "", 10s);
  const auto answered = next(questions);
  EXPECT_EQ(answered.id, 7);
  ASSERT_FALSE(answered.answer);
  EXPECT_EQ(answered.answer.error().code, Errc::io);
  EXPECT_THAT(answered.answer.error().what, HasSubstr("is backstopd running?"));
}

TEST_F(ControlQuestionsTest, WaitingEndsWhenThereIsSomethingToRead) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ASSERT_EQ(::write(ends[1], "k", 1), 1);
  ControlQuestions questions(path_);
  EXPECT_TRUE(questions.wait({ends[0]}, 1h).empty()); // without it the test would not end
  ::close(ends[0]);
  ::close(ends[1]);
}

} // namespace
} // namespace backstop
