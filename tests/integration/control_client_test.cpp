#include "daemon/io/control_client.hpp"
#include "daemon/io/http_server.hpp"
#include "tests/integration/raw_server.hpp"
#include <atomic>
#include <gmock/gmock.h>

namespace backstop {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

class ControlClientTest : public testing::Test {
protected:
  ControlClientTest()
      : path_(testing::TempDir() + "backstop-ctl-" + std::to_string(getpid()) + ".sock"), client_(path_) {}
  ~ControlClientTest() override { unlink(path_.c_str()); }

  static RawServer::Script answers(std::string text) {
    return [text = std::move(text)](RawServer::Connection& c) {
      if (c.read_request()) c.send(text);
    };
  }
  static std::string stream_of(const std::string& events) {
    return http_answer(200, events, "Content-Type: text/event-stream\r\n");
  }
  std::vector<std::string> events_of(const std::string& text) {
    RawServer server(path_, answers(stream_of(text)));
    std::vector<std::string> seen;
    const auto end = client_.events(
        "/v1/events",
        [&](const ControlClient::Event& e) {
          seen.push_back(e.type + "|" + e.id + "|" + e.data);
          return true;
        },
        10s);
    EXPECT_TRUE(end.ok()) << end.error().what;
    unlink(path_.c_str());
    return seen;
  }

  std::string path_;
  ControlClient client_;
};

TEST_F(ControlClientTest, SpeaksToTheRealServer) {
  auto loop = *EventLoop::create();
  web::Request seen;
  auto server = HttpServer::start(*loop, *Listener::unix_socket(path_, 0660, ""),
                                  [&](web::Request request, const web::Responder& r) {
                                    seen = std::move(request);
                                    r.answer({409, "application/json", R"({"error":{}})", {}});
                                  });
  ASSERT_TRUE(server.ok());
  std::optional<Result<ControlClient::Answer>> answer;
  std::atomic<bool> done = false;
  std::thread thread([&] {
    answer = client_.request("POST", "/v1/services/" + ControlClient::encoded("a b"), R"({"x":1})", 10s);
    done = true;
  });
  while (!done) loop->run_once(1ms);
  thread.join();
  ASSERT_TRUE(answer->ok()) << answer->error().what;
  EXPECT_EQ((*answer)->status, 409);
  EXPECT_EQ((*answer)->body, R"({"error":{}})");
  EXPECT_EQ(seen.path, "/v1/services/a b");
  EXPECT_EQ(seen.headers["content-type"], "application/json");
  EXPECT_EQ(seen.body, R"({"x":1})");
}

TEST_F(ControlClientTest, DaemonThatIsNotThereIsNamedWithTheWayToMendIt) {
  const auto absent = client_.request("GET", "/v1/status", "", 1s);
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, Errc::io);
  EXPECT_EQ(absent.error().what, "the daemon does not answer at " + path_ +
                                     ": no such file or directory (is backstopd running? systemctl status backstopd)");
  {
    RawServer gone(path_, [](RawServer::Connection&) {});
  }
  const auto stale = client_.request("GET", "/v1/status", "", 1s);
  ASSERT_FALSE(stale.ok());
  EXPECT_THAT(stale.error().what, HasSubstr(path_ + ": connection refused (is backstopd running?"));
  const auto stream = client_.events(
      "/v1/events", [](const ControlClient::Event&) { return true; }, 1s);
  ASSERT_FALSE(stream.ok());
  EXPECT_THAT(stream.error().what, StartsWith("the daemon does not answer at " + path_));
}

TEST_F(ControlClientTest, DaemonThatHangsIsATimeout) {
  RawServer server(path_, [](RawServer::Connection& c) { c.hold(); });
  const auto answer = client_.request("GET", "/v1/status", "", 300ms);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Errc::timeout);
  EXPECT_THAT(answer.error().what, EndsWith("no answer within 300 ms"));
}

TEST_F(ControlClientTest, DaemonThatBreaksOffIsSaidToHaveDoneSo) {
  RawServer server(path_, answers(""));
  const auto answer = client_.request("GET", "/v1/status", "", 1s);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Errc::io);
  EXPECT_THAT(answer.error().what, StartsWith("the daemon broke off at " + path_));
}

TEST_F(ControlClientTest, EventsAreReadOneByOne) {
  EXPECT_THAT(events_of("data: one\n\n"), ElementsAre("message||one"));
  EXPECT_THAT(events_of(": hello\n\nevent: level\nid: 7\ndata: {\"a\":1}\n\n: still here\n\ndata:two\n\n"),
              ElementsAre("level|7|{\"a\":1}", "message||two"));
  EXPECT_THAT(events_of("data: first\ndata: second\r\n\r\n"), ElementsAre("message||first\nsecond"));
  EXPECT_THAT(events_of("event: nothing\n\ndata\n\n"), ElementsAre("message||"));
  EXPECT_THAT(events_of("data: cut off in the mid"), ElementsAre());
}

TEST_F(ControlClientTest, ReaderMayHaveEnough) {
  RawServer server(path_, [](RawServer::Connection& c) {
    if (!c.read_request() || !c.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")) return;
    while (c.send("data: again\n\n") && c.wait(1)) {
    }
  });
  int seen = 0;
  const auto end = client_.events(
      "/v1/events", [&](const ControlClient::Event&) { return ++seen < 3; }, Duration::zero());
  ASSERT_TRUE(end.ok()) << end.error().what;
  EXPECT_EQ(seen, 3);
}

TEST_F(ControlClientTest, ExceptionOfTheReaderComesOut) {
  RawServer server(path_, answers(stream_of("data: one\n\n")));
  EXPECT_THROW((void)client_.events(
                   "/v1/events", [](const ControlClient::Event&) -> bool { throw std::runtime_error("boom"); }, 10s),
               std::runtime_error);
}

TEST_F(ControlClientTest, StreamHasATimeout) {
  RawServer server(path_, [](RawServer::Connection& c) {
    if (c.read_request() && c.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n")) c.hold();
  });
  int seen = 0;
  const auto end = client_.events(
      "/v1/events", [&](const ControlClient::Event&) { return ++seen > 0; }, 1s);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, Errc::timeout);
  EXPECT_EQ(seen, 1);
}

TEST_F(ControlClientTest, RefusedStreamGivesStatusAndBody) {
  RawServer server(path_, answers(http_answer(403, R"({"error":{"code":"unauthorized"}})")));
  const auto end = client_.events(
      "/v1/events", [](const ControlClient::Event&) { return true; }, 10s);
  ASSERT_TRUE(end.ok()) << end.error().what;
  EXPECT_EQ(end->status, 403);
  EXPECT_EQ(end->body, R"({"error":{"code":"unauthorized"}})");
}

TEST_F(ControlClientTest, EndlessEventIsRefused) {
  RawServer server(path_, [](RawServer::Connection& c) {
    if (!c.read_request() || !c.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")) return;
    while (c.send("data: " + std::string(10000, 'x') + "\n")) {
    }
  });
  const auto end = client_.events(
      "/v1/events", [](const ControlClient::Event&) { return true; }, 10s);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, Errc::too_large);
}

TEST_F(ControlClientTest, SegmentsAreEncoded) {
  EXPECT_EQ(ControlClient::encoded("check-out_1.2~x"), "check-out_1.2~x");
  EXPECT_EQ(ControlClient::encoded("a/b c?d=%é"), "a%2Fb%20c%3Fd%3D%25%C3%A9");
}

} // namespace
} // namespace backstop
