#include "daemon/io/curl_fetcher.hpp"
#include "daemon/io/http_server.hpp"
#include "tests/integration/raw_client.hpp"
#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

class HttpServerTest : public testing::Test {
protected:
  HttpServerTest() : path_(testing::TempDir() + "backstop-http-" + std::to_string(getpid()) + ".sock") {
    block_signals();
    auto made = EventLoop::create();
    if (!made) throw std::runtime_error(made.error().what);
    loop_ = *std::move(made);
    fetcher_ = std::make_unique<CurlFetcher>(*loop_);
  }
  ~HttpServerTest() override { unlink(path_.c_str()); }

  void serve_unix(web::Handler handler, HttpServer::Limits limits = {}, mode_t mode = 0660) {
    auto listener = Listener::unix_socket(path_, mode, "");
    ASSERT_TRUE(listener.ok()) << listener.error().what;
    start(*std::move(listener), std::move(handler), limits);
  }
  void serve_tcp(web::Handler handler, HttpServer::Limits limits = {}) {
    auto listener = Listener::tcp("127.0.0.1", 0);
    ASSERT_TRUE(listener.ok()) << listener.error().what;
    start(*std::move(listener), std::move(handler), limits);
  }
  void start(Listener listener, web::Handler handler, HttpServer::Limits limits) {
    auto server = HttpServer::start(*loop_, std::move(listener), std::move(handler), limits);
    ASSERT_TRUE(server.ok()) << server.error().what;
    server_ = *std::move(server);
  }
  /// The bound is there for a failing test alone.
  bool wait_for(const std::function<bool()>& enough) {
    const Time limit = loop_->fresh_now() + 20s;
    while (!enough() && loop_->fresh_now() < limit) loop_->run_once(1ms);
    return enough();
  }
  bool wait_for(RawClient& client, const std::string& text) {
    return wait_for([&] { return client.received().find(text) != std::string::npos; });
  }
  Result<HttpResponse> fetch(const std::string& method, const std::string& target, const std::string& body = "") {
    HttpRequest r;
    r.method = method;
    r.url = "http://localhost" + target;
    r.unix_socket = path_;
    r.body = body;
    std::optional<Result<HttpResponse>> outcome;
    fetcher_->start(r, [&](Result<HttpResponse> o) { outcome = std::move(o); });
    wait_for([&] { return outcome.has_value(); });
    return outcome ? *outcome : fail(Errc::timeout, "no outcome");
  }
  /// A connection of another user (as root only); null: it could not be made.
  std::unique_ptr<RawClient> connect_as(uid_t uid) {
    std::unique_ptr<RawClient> client;
    std::thread other([&] { // the uid belongs to a thread, when not asked through libc
      if (syscall(SYS_setresuid, -1, uid, -1) == 0) client = std::make_unique<RawClient>(path_);
    });
    other.join();
    return client;
  }
  static int count(const std::string& text, const std::string& part) {
    int n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
  }
  static web::Handler says(const std::string& text) {
    return [text](const web::Request&, const web::Responder& r) { r.answer({200, "text/plain", text, {}}); };
  }
  /// Keeps each responder for the test to use later.
  web::Handler keeps() {
    return [this](const web::Request&, const web::Responder& r) { kept_.push_back(r); };
  }

  std::string path_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<CurlFetcher> fetcher_;
  std::vector<web::Responder> kept_;
  std::unique_ptr<HttpServer> server_;
};

const char* const kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(HttpServerTest, HandlerSeesTheRequestAndTheClientTheAnswer) {
  web::Request seen;
  serve_unix([&](web::Request request, const web::Responder& r) {
    seen = std::move(request);
    r.answer({201, "application/json", "{}", {{"X-More", "yes"}}});
  });
  const auto answer = fetch("POST", "/v1/a%20b?name=x%26y&empty&n=1&n=2", R"({"a":1})");
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->content_type, "application/json");
  EXPECT_EQ(answer->body, "{}");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/v1/a b");
  EXPECT_EQ(seen.query, (std::map<std::string, std::string>{{"name", "x&y"}, {"empty", ""}, {"n", "2"}}));
  EXPECT_EQ(seen.headers["user-agent"], "backstop");
  EXPECT_EQ(seen.body, R"({"a":1})");
}

TEST_F(HttpServerTest, PeerIsWhoConnected) {
  std::optional<web::Peer> peer;
  serve_unix([&](const web::Request& request, const web::Responder& r) {
    peer = request.peer;
    r.answer({});
  });
  ASSERT_TRUE(fetch("GET", "/").ok());
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->uid, geteuid());
  EXPECT_EQ(peer->gid, getegid());
  EXPECT_EQ(peer->pid, getpid());
  std::vector<gid_t> groups(static_cast<std::size_t>(getgroups(0, nullptr)));
  (void)getgroups(static_cast<int>(groups.size()), groups.data());
  EXPECT_THAT(peer->groups, testing::UnorderedElementsAreArray(groups));
}

TEST_F(HttpServerTest, ManyGroupsOfAPeerAreAllSeen) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT RUN: only root may take on groups";
  std::optional<web::Peer> peer;
  serve_unix([&](const web::Request& request, const web::Responder& r) {
    peer = request.peer;
    r.answer({});
  });
  std::vector<gid_t> groups;
  for (gid_t g = 5000; g < 5200; ++g) groups.push_back(g);
  std::unique_ptr<RawClient> client;
  std::thread other([&] { // groups belong to a thread, when not asked through libc
    if (syscall(SYS_setgroups, groups.size(), groups.data()) == 0) client = std::make_unique<RawClient>(path_);
  });
  other.join();
  ASSERT_TRUE(client);
  client->send(kGet);
  ASSERT_TRUE(wait_for(*client, "200 OK"));
  EXPECT_THAT(peer->groups, testing::UnorderedElementsAreArray(groups));
}

TEST_F(HttpServerTest, OverTcpThereIsNoPeerAndPortZeroGivesBackThePort) {
  bool has_peer = true;
  serve_tcp([&](const web::Request& request, const web::Responder& r) {
    has_peer = request.peer.has_value();
    r.answer({200, "text/plain", "up 1", {}});
  });
  ASSERT_GT(server_->port(), 0);
  RawClient client(server_->port());
  client.send(kGet);
  EXPECT_TRUE(wait_for(client, "up 1"));
  EXPECT_FALSE(has_peer);
}

TEST_F(HttpServerTest, TenThousandRequestsOnOneConnection) {
  HttpServer::Limits limits;
  limits.peers.trusted_rate.burst = 20000;
  serve_unix(
      [](const web::Request& request, const web::Responder& r) {
        r.answer({200, "text/plain", request.path, {}});
      },
      limits);
  int right = 0;
  for (int i = 0; i < 10000; ++i) {
    const std::string path = "/" + std::to_string(i);
    const auto answer = fetch("GET", path);
    if (answer && answer->body == path) ++right;
  }
  EXPECT_EQ(right, 10000);
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  serve_unix([](const web::Request& request, const web::Responder& r) {
    r.answer({200, "text/plain", "<" + request.path + ">", {}});
  });
  RawClient client(path_);
  std::string all;
  for (int i = 0; i < 100; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(all);
  ASSERT_TRUE(wait_for(client, "</99>"));
  EXPECT_LT(client.received().find("</0>"), client.received().find("</50>"));
  EXPECT_LT(client.received().find("</50>"), client.received().find("</99>"));
}

TEST_F(HttpServerTest, HeadHasNoBody) {
  serve_unix(says("body"));
  RawClient client(path_);
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(wait_for([&] { return client.closed(); }));
  EXPECT_THAT(client.received(),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Length: 4\r\n"), Not(HasSubstr("body"))));
}

TEST_F(HttpServerTest, WrongRequestsAreAnsweredWith400AndClosed) {
  bool handled = false;
  serve_unix([&](const web::Request&, const web::Responder& r) {
    handled = true;
    r.answer({});
  });
  for (const char* wrong : {"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", "GET nopath HTTP/1.1\r\nHost: x\r\n\r\n",
                            "GET / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: no\r\n\r\n"}) {
    RawClient client(path_);
    client.send(wrong);
    ASSERT_TRUE(wait_for([&] { return client.closed(); })) << wrong;
    EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 400 ")) << wrong;
  }
  EXPECT_FALSE(handled);
  EXPECT_TRUE(wait_for([&] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, WhatIsNoHttpAtAllIsClosed) {
  bool handled = false;
  HttpServer::Limits limits;
  limits.request_within = 50ms; // some garbage could still become a request
  serve_unix(
      [&](const web::Request&, const web::Responder& r) {
        handled = true;
        r.answer({});
      },
      limits);
  using namespace std::string_view_literals;
  for (const std::string_view garbage :
       {"garbage\r\n\r\n"sv, "GET\r\n\r\n"sv, "GET / SMTP\r\n\r\n"sv, "GET / HTTP/9.9\r\nHost: x\r\n\r\n"sv,
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, "\n\n\n\n"sv, "\0\0\0\0\r\n\r\n"sv}) {
    RawClient client(path_);
    client.send(garbage);
    EXPECT_TRUE(wait_for([&] { return client.closed(); })) << garbage;
    EXPECT_THAT(client.received(), Not(HasSubstr("200 OK"))) << garbage;
  }
  EXPECT_FALSE(handled);
}

TEST_F(HttpServerTest, HalfARequestIsCutOffInTime) {
  HttpServer::Limits limits;
  limits.request_within = 50ms;
  serve_unix(says("never"), limits);
  RawClient half(path_);
  RawClient silent(path_);
  RawClient half_body(path_);
  half.send("GET / HT");
  half_body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
  EXPECT_TRUE(wait_for([&] { return half.closed() && silent.closed() && half_body.closed(); }));
  EXPECT_THAT(half.received() + silent.received() + half_body.received(), Not(HasSubstr("200 OK")));
  EXPECT_TRUE(wait_for([&] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, DrippingRequestIsCutOffInTime) {
  HttpServer::Limits limits;
  limits.request_within = 100ms;
  serve_unix(says("never"), limits);
  RawClient drip(path_);
  drip.send("GET / HTTP/1.1\r\nX: ");
  EXPECT_TRUE(wait_for([&] {
    drip.send("x");
    return drip.closed();
  }));
  EXPECT_THAT(drip.received(), Not(HasSubstr("200 OK")));
}

TEST_F(HttpServerTest, SlowAnswerIsNotCutOffByTheRequestDeadline) {
  HttpServer::Limits limits;
  limits.request_within = 300ms;
  serve_unix(keeps(), limits);
  RawClient patient(path_);
  patient.send(kGet);
  ASSERT_TRUE(wait_for([&] { return !kept_.empty(); }));
  RawClient other(path_); // cut off meanwhile: so the deadline has passed
  ASSERT_TRUE(wait_for([&] { return other.closed(); }));
  kept_[0].answer({200, "text/plain", "at last", {}});
  EXPECT_TRUE(wait_for(patient, "at last"));
}

TEST_F(HttpServerTest, BodyOfTheBoundIsTakenOneMoreByteIs413) {
  std::size_t seen = 0;
  serve_unix([&](const web::Request& request, const web::Responder& r) {
    seen = request.body.size();
    r.answer({});
  });
  const auto at = fetch("POST", "/", std::string(65536, 'x'));
  ASSERT_TRUE(at.ok()) << at.error().what;
  EXPECT_EQ(at->status, 200);
  EXPECT_EQ(seen, 65536U);
  const auto above = fetch("POST", "/", std::string(65537, 'x'));
  ASSERT_TRUE(above.ok()) << above.error().what;
  EXPECT_EQ(above->status, 413);
  EXPECT_EQ(seen, 65536U);
}

TEST_F(HttpServerTest, HugeDeclaredBodyIsRefusedBeforeItComes) {
  serve_unix(says("never"));
  RawClient client(path_);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n");
  EXPECT_TRUE(wait_for(client, " 413 "));
  EXPECT_TRUE(wait_for([&] { return client.closed(); }));
}

TEST_F(HttpServerTest, EndlessChunkedBodyIsCutOff) {
  serve_unix(says("never"));
  RawClient client(path_);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
  EXPECT_TRUE(wait_for([&] {
    client.send(chunk);
    return client.closed();
  }));
  EXPECT_THAT(client.received(), Not(HasSubstr("200 OK")));
}

TEST_F(HttpServerTest, TooManyHeadersAreRefused) {
  serve_unix(says("never"));
  RawClient client(path_);
  client.send("GET / HTTP/1.1\r\nHost: x\r\n");
  EXPECT_TRUE(wait_for([&] {
    client.send("X-Flood: " + std::string(1000, 'x') + "\r\n");
    return client.closed();
  }));
  EXPECT_THAT(client.received(), AllOf(StartsWith("HTTP/1.1 4"), Not(HasSubstr("200 OK"))));
}

TEST_F(HttpServerTest, AnswerMayComeLater) {
  serve_unix(keeps());
  RawClient a(path_);
  RawClient b(path_);
  a.send(kGet);
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 1; }));
  b.send(kGet);
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 2; }));
  kept_[1].answer({200, "text/plain", "for b", {}});
  ASSERT_TRUE(wait_for(b, "for b"));
  EXPECT_EQ(a.received(), "");
  kept_[0].answer({200, "text/plain", "for a", {}});
  EXPECT_TRUE(wait_for(a, "for a"));
  a.send(kGet); // and the connection goes on
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 3; }));
  kept_[2].answer({200, "text/plain", "again", {}});
  EXPECT_TRUE(wait_for(a, "again"));
}

TEST_F(HttpServerTest, OnlyTheFirstAnswerCounts) {
  serve_unix([](const web::Request&, const web::Responder& r) {
    r.answer({200, "text/plain", "first", {}});
    r.answer({500, "text/plain", "second", {}});
    EXPECT_FALSE(r.stream().push("third"));
  });
  const auto answer = fetch("GET", "/");
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->body, "first");
}

TEST_F(HttpServerTest, RequestDroppedByItsHandlerIsAnsweredWith500) {
  serve_unix([](const web::Request&, const web::Responder&) {});
  const auto at_once = fetch("GET", "/");
  ASSERT_TRUE(at_once.ok()) << at_once.error().what;
  EXPECT_EQ(at_once->status, 500);
  server_.reset();
  serve_unix(keeps());
  RawClient client(path_);
  client.send(kGet);
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 1; }));
  kept_.clear();
  EXPECT_TRUE(wait_for(client, " 500 "));
}

TEST_F(HttpServerTest, ClientGoneBeforeTheAnswerIsNoticed) {
  serve_unix(keeps());
  auto client = std::make_unique<RawClient>(path_);
  client->send(kGet);
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 1; }));
  int notices = 0;
  kept_[0].on_gone([&] { ++notices; });
  EXPECT_FALSE(kept_[0].gone());
  client.reset();
  ASSERT_TRUE(wait_for([&] { return notices == 1; }));
  EXPECT_TRUE(kept_[0].gone());
  kept_[0].answer({200, "text/plain", "to nobody", {}});
  EXPECT_FALSE(kept_[0].stream().push("to nobody"));
  EXPECT_TRUE(wait_for([&] { return server_->connections() == 0; }));
  loop_->run_once(0s);
  EXPECT_EQ(notices, 1);
}

TEST_F(HttpServerTest, ClientOfTcpGoneBeforeTheAnswerIsNoticed) {
  serve_tcp(keeps());
  auto client = std::make_unique<RawClient>(server_->port());
  client->send(kGet);
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 1; }));
  bool noticed = false;
  kept_[0].on_gone([&] { noticed = true; });
  client.reset();
  EXPECT_TRUE(wait_for([&] { return noticed; }));
}

TEST_F(HttpServerTest, AnsweredRequestHasNoGoneNotice) {
  bool noticed = false;
  serve_unix([&](const web::Request&, const web::Responder& r) {
    r.on_gone([&] { noticed = true; });
    r.answer({200, "text/plain", "here", {}});
  });
  auto client = std::make_unique<RawClient>(path_);
  client->send(kGet);
  ASSERT_TRUE(wait_for(*client, "here"));
  client.reset();
  ASSERT_TRUE(wait_for([&] { return server_->connections() == 0; }));
  loop_->run_once(0s);
  EXPECT_FALSE(noticed);
}

TEST_F(HttpServerTest, EventStreamArrivesEventByEvent) {
  serve_unix(keeps());
  RawClient client(path_);
  client.send(kGet);
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 1; }));
  const web::Stream stream = kept_[0].stream();
  ASSERT_TRUE(wait_for(client, "Content-Type: text/event-stream\r\n"));
  for (int i = 0; i < 20; ++i) {
    const std::string event = "data: " + std::to_string(i) + "\n\n";
    ASSERT_TRUE(stream.push(event));
    ASSERT_TRUE(wait_for(client, event));
  }
  EXPECT_FALSE(client.closed());
  stream.close();
  EXPECT_TRUE(wait_for(client, "\r\n0\r\n")); // the last chunk
  EXPECT_FALSE(stream.push("data: late\n\n"));
}

TEST_F(HttpServerTest, EventsPushedBeforeAnythingWasSentArrive) {
  std::optional<web::Stream> stream;
  serve_unix([&](const web::Request&, const web::Responder& r) {
    stream = r.stream();
    EXPECT_TRUE(stream->push("data: first\n\n"));
  });
  RawClient client(path_);
  client.send(kGet);
  EXPECT_TRUE(wait_for(client, "data: first\n\n"));
}

TEST_F(HttpServerTest, StreamIsClosedWhenItsLastHandleGoes) {
  serve_unix([](const web::Request&, const web::Responder& r) { (void)r.stream().push("data: only\n\n"); });
  RawClient client(path_);
  client.send(kGet);
  EXPECT_TRUE(wait_for(client, "data: only\n\n"));
  EXPECT_TRUE(wait_for(client, "\r\n0\r\n"));
}

TEST_F(HttpServerTest, ReaderOfAStreamWhoLeavesIsNoticed) {
  serve_unix(keeps());
  auto client = std::make_unique<RawClient>(path_);
  client->send(kGet);
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 1; }));
  const web::Stream stream = kept_[0].stream();
  int notices = 0;
  stream.on_gone([&] { ++notices; });
  ASSERT_TRUE(wait_for(*client, "text/event-stream"));
  client.reset();
  ASSERT_TRUE(wait_for([&] { return notices > 0; }));
  EXPECT_FALSE(stream.push("data: x\n\n"));
  EXPECT_TRUE(wait_for([&] { return server_->connections() == 0; }));
  EXPECT_EQ(notices, 1);
}

TEST_F(HttpServerTest, SlowReaderOfAStreamIsCutOffAtTheBound) {
  HttpServer::Limits limits;
  limits.stream_buffer = 10000;
  serve_unix(keeps(), limits);
  RawClient client(path_);
  client.send(kGet);
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 1; }));
  const web::Stream stream = kept_[0].stream();
  bool noticed = false;
  stream.on_gone([&] { noticed = true; });
  const std::string event = "data: " + std::string(1000, 'x') + "\n\n";
  int pushed = 0;
  while (pushed < 100000 && stream.push(event)) { // reads nothing meanwhile
    ++pushed;
    loop_->run_once(0s);
  }
  EXPECT_LT(pushed, 100000);
  EXPECT_TRUE(stream.gone());
  EXPECT_TRUE(wait_for([&] { return noticed; }));
  EXPECT_TRUE(wait_for([&] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, OneUidCannotTakeAllConnections) {
  HttpServer::Limits limits;
  limits.peers.connections_per_peer = 3;
  serve_unix(says("welcome"), limits, 0666);
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 3; ++i) held.push_back(std::make_unique<RawClient>(path_));
  ASSERT_TRUE(wait_for([&] { return server_->connections() == 3; }));
  RawClient fourth(path_);
  ASSERT_TRUE(wait_for([&] { return fourth.closed(); }));
  EXPECT_THAT(fourth.received(), StartsWith("HTTP/1.1 503 "));

  held.pop_back(); // makes room
  ASSERT_TRUE(wait_for([&] { return server_->connections() == 2; }));
  RawClient next(path_);
  next.send(kGet);
  EXPECT_TRUE(wait_for(next, "welcome"));
}

TEST_F(HttpServerTest, FullUidDoesNotLockOutAnother) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT RUN: only root may connect as another user";
  HttpServer::Limits limits;
  limits.peers.connections_per_peer = 1;
  serve_unix(
      [](const web::Request& request, const web::Responder& r) {
        r.answer({200, "text/plain", "uid " + std::to_string(request.peer->uid), {}});
      },
      limits, 0666);
  RawClient first(path_);
  ASSERT_TRUE(wait_for([&] { return server_->connections() == 1; }));
  const auto other = connect_as(65534);
  ASSERT_TRUE(other);
  other->send(kGet);
  EXPECT_TRUE(wait_for(*other, "uid 65534"));
}

TEST_F(HttpServerTest, ConnectionsAreBoundedOverall) {
  HttpServer::Limits limits;
  limits.peers = {};
  limits.peers.connections = 2;
  serve_unix(says("welcome"), limits);
  RawClient a(path_);
  RawClient b(path_);
  RawClient c(path_);
  ASSERT_TRUE(wait_for([&] { return c.closed(); }));
  EXPECT_THAT(c.received(), StartsWith("HTTP/1.1 503 "));
  a.send(kGet);
  EXPECT_TRUE(wait_for(a, "welcome"));
}

TEST_F(HttpServerTest, TooManyRequestsAreRefusedWith429AndWhenToComeBack) {
  int handled = 0;
  HttpServer::Limits limits;
  limits.peers.trusted_rate = {std::chrono::hours(1), 3};
  serve_unix(
      [&](const web::Request&, const web::Responder& r) {
        ++handled;
        r.answer({200, "text/plain", "welcome", {}});
      },
      limits);
  RawClient client(path_);
  for (int i = 0; i < 5; ++i) client.send(kGet);
  ASSERT_TRUE(wait_for([&] { return count(client.received(), "HTTP/1.1 429 ") == 2; })) << client.received();
  EXPECT_EQ(count(client.received(), "HTTP/1.1 200 "), 3);
  EXPECT_THAT(client.received(), AllOf(HasSubstr("Retry-After: 3600\r\n"), HasSubstr("too many requests: at most ")));
  EXPECT_EQ(handled, 3);

  RawClient again(path_); // another connection of the same user, with a body that need not come first
  again.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
  EXPECT_TRUE(wait_for(again, "HTTP/1.1 429 "));
  EXPECT_TRUE(wait_for([&] { return again.closed(); })) << "its body is not waited for";
  RawClient odd(path_);
  odd.send("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345");
  EXPECT_TRUE(wait_for(odd, "HTTP/1.1 429 "));
  EXPECT_EQ(handled, 3);
}

TEST_F(HttpServerTest, UserAtItsRateDoesNotStopAnother) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT RUN: only root may connect as another user";
  HttpServer::Limits limits;
  limits.peers.rate = {std::chrono::hours(1), 1};
  serve_unix(
      [](const web::Request& request, const web::Responder& r) {
        r.answer({200, "text/plain", "uid " + std::to_string(request.peer->uid), {}});
      },
      limits, 0666);
  const auto one = connect_as(65534), other = connect_as(65533);
  ASSERT_TRUE(one && other);
  one->send(kGet);
  ASSERT_TRUE(wait_for(*one, "uid 65534"));
  one->send(kGet);
  ASSERT_TRUE(wait_for(*one, "HTTP/1.1 429 "));
  other->send(kGet);
  EXPECT_TRUE(wait_for(*other, "uid 65533"));
  RawClient root(path_);
  for (int i = 0; i < 100; ++i) root.send(kGet);
  EXPECT_TRUE(wait_for([&] { return count(root.received(), "uid 0") == 100; })) << "root's rate is another";
}

TEST_F(HttpServerTest, AddressAtItsRateIsToldSo) {
  HttpServer::Limits limits;
  limits.peers.rate = {20ms, 1};
  serve_tcp(says("up 1"), limits);
  RawClient client(server_->port());
  for (int i = 0; i < 50; ++i) client.send(kGet);
  EXPECT_TRUE(wait_for(client, "too many requests: at most 50 a second from one address\n"));
}

TEST_F(HttpServerTest, OwnUserGetsThroughWhenAllConnectionsAreTaken) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT RUN: only root may connect as another user";
  HttpServer::Limits limits;
  limits.peers.connections = 3;
  limits.peers.connections_per_peer = 2;
  serve_unix(says("welcome"), limits, 0666);
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (const uid_t uid : {65534U, 65534U, 65533U}) crowd.push_back(connect_as(uid));
  ASSERT_TRUE(wait_for([&] { return server_->connections() == 3; }));
  const auto fourth = connect_as(65532);
  ASSERT_TRUE(wait_for([&] { return fourth->closed(); }));
  EXPECT_THAT(fourth->received(), StartsWith("HTTP/1.1 503 "));
  RawClient root(path_);
  root.send(kGet);
  EXPECT_TRUE(wait_for(root, "welcome"));
}

TEST_F(HttpServerTest, HandlersThatTakeLongLeaveTheLoopItsOtherWork) {
  HttpServer::Limits limits;
  limits.peers.trusted_rate.burst = 100000;
  int handled = 0;
  const auto idle = loop_->add_timer([&] { loop_->exit(handled); }, EventLoop::kIdle);
  serve_unix(
      [&](const web::Request&, const web::Responder& r) {
        ++handled;
        const Time until = loop_->fresh_now() + 3ms; // longer than a turn
        while (loop_->fresh_now() < until) {
        }
        r.answer({200, "text/plain", "welcome", {}});
      },
      limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<RawClient>(path_));
    for (int request = 0; request < 10; ++request) clients.back()->send(kGet);
  }
  ASSERT_TRUE(wait_for([&] { return handled > 0; }));
  idle->arm(loop_->now());
  EXPECT_LT(loop_->run(), 100) << "160 requests wait, and what is idle comes all the same";
  EXPECT_TRUE(wait_for([&] {
    int answered = 0;
    for (const auto& client : clients) answered += count(client->received(), "welcome");
    return answered == 160;
  })) << "nobody is forgotten";
}

TEST_F(HttpServerTest, ClientThatLeavesWhileItWaitsForItsTurnIsForgotten) {
  int handled = 0;
  std::vector<std::unique_ptr<RawClient>> clients;
  serve_unix([&](const web::Request&, const web::Responder& r) {
    if (++handled == 1) clients.clear(); // all of them, while the others wait
    const Time until = loop_->fresh_now() + 3ms;
    while (loop_->fresh_now() < until) {
    }
    r.answer({200, "text/plain", "welcome", {}});
  });
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<RawClient>(path_));
    clients.back()->send(kGet);
  }
  EXPECT_TRUE(wait_for([&] { return handled > 0 && server_->connections() == 0; }));
  RawClient next(path_);
  next.send(kGet);
  EXPECT_TRUE(wait_for(next, "welcome"));
}

TEST_F(HttpServerTest, ExceptionOfTheHandlerComesOutOfTheLoop) {
  serve_unix([](const web::Request&, const web::Responder&) { throw std::runtime_error("boom"); });
  RawClient client(path_);
  client.send(kGet);
  EXPECT_THROW(loop_->run(), std::runtime_error);
}

TEST_F(HttpServerTest, ServerMayEndWithRequestsUnanswered) {
  serve_unix(keeps());
  RawClient waiting(path_);
  RawClient streaming(path_);
  waiting.send(kGet);
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 1; }));
  streaming.send(kGet);
  ASSERT_TRUE(wait_for([&] { return kept_.size() == 2; }));
  const web::Stream stream = kept_[1].stream();
  bool noticed = false;
  stream.on_gone([&] { noticed = true; });
  ASSERT_TRUE(wait_for(streaming, "text/event-stream"));
  server_.reset();
  EXPECT_TRUE(waiting.closed());
  EXPECT_TRUE(streaming.closed());
  kept_[0].answer({});
  EXPECT_FALSE(stream.push("data: x\n\n"));
  loop_->run_once(0s);
  EXPECT_FALSE(noticed);
  EXPECT_NE(access(path_.c_str(), F_OK), 0); // the socket's file is gone with it
}

class ListenerTest : public HttpServerTest {};

TEST_F(ListenerTest, SocketHasTheRightsAskedForWhateverTheUmask) {
  const mode_t before = umask(077);
  auto listener = Listener::unix_socket(path_, 0660, "");
  umask(before);
  ASSERT_TRUE(listener.ok()) << listener.error().what;
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0660U);
}

TEST_F(ListenerTest, SocketIsGivenToTheGroupIfThereIsOne) {
  if (geteuid() != 0) GTEST_SKIP() << "NOT RUN: only root may give a file to any group";
  const struct group* daemon = getgrnam("daemon");
  ASSERT_TRUE(daemon);
  auto listener = Listener::unix_socket(path_, 0660, "daemon");
  ASSERT_TRUE(listener.ok()) << listener.error().what;
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_gid, daemon->gr_gid);
}

TEST_F(ListenerTest, GroupThatDoesNotExistIsNoReasonToFail) {
  EXPECT_TRUE(Listener::unix_socket(path_, 0660, "no-such-group-here").ok());
}

TEST_F(ListenerTest, StaleSocketIsReplaced) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(dead);
  auto listener = Listener::unix_socket(path_, 0660, "");
  EXPECT_TRUE(listener.ok()) << listener.error().what;
}

TEST_F(ListenerTest, SocketOnWhichSomebodyAnswersIsLeftAlone) {
  serve_unix(says("first"));
  const auto second = Listener::unix_socket(path_, 0660, "");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Errc::busy);
  EXPECT_THAT(second.error().what, HasSubstr("cannot listen on " + path_ + ": another process answers there"));
  const auto answer = fetch("GET", "/");
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->body, "first");
}

TEST_F(ListenerTest, FileThatIsNoSocketIsLeftAlone) {
  close(creat(path_.c_str(), 0600));
  const auto listener = Listener::unix_socket(path_, 0660, "");
  ASSERT_FALSE(listener.ok());
  EXPECT_EQ(listener.error().code, Errc::refused);
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(ListenerTest, FileThatAnotherPutInTheMeantimeIsNotRemoved) {
  auto listener = Listener::unix_socket(path_, 0660, "");
  ASSERT_TRUE(listener.ok());
  unlink(path_.c_str());
  close(creat(path_.c_str(), 0600));
  listener = fail(Errc::invalid, "");
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(ListenerTest, InheritedSocketServesAndKeepsItsFile) {
  auto original = Listener::unix_socket(path_, 0660, "");
  ASSERT_TRUE(original.ok());
  for (const char* words : {"by activation", "and anew"}) { // the descriptor handed over serves more than once
    auto inherited = Listener::inherited(original->fd());
    ASSERT_TRUE(inherited.ok()) << inherited.error().what;
    EXPECT_TRUE(inherited->is_unix());
    start(*std::move(inherited), says(words), {});
    const auto answer = fetch("GET", "/");
    ASSERT_TRUE(answer.ok()) << answer.error().what;
    EXPECT_EQ(answer->body, words);
    server_.reset();
    EXPECT_EQ(access(path_.c_str(), F_OK), 0);
  }
}

TEST_F(ListenerTest, WhatIsNoListeningSocketIsRefused) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_FALSE(Listener::inherited(fd).ok());
  close(fd);
  EXPECT_FALSE(Listener::inherited(-1).ok());
}

TEST_F(ListenerTest, ErrorsSayWhereAndWhy) {
  const auto why = [](const Result<Listener>& r) { return r ? "no error" : r.error().what; };
  EXPECT_EQ(why(Listener::unix_socket("/nonexistent/x.sock", 0660, "")),
            "cannot listen on /nonexistent/x.sock: no such file or directory");
  EXPECT_THAT(why(Listener::unix_socket("/" + std::string(200, 'x'), 0660, "")), HasSubstr("1 to 107 bytes"));
  EXPECT_THAT(why(Listener::tcp("example.org", 80)), HasSubstr("write an address"));
  const auto taken = Listener::tcp("127.0.0.1", 0);
  ASSERT_TRUE(taken.ok());
  const auto second = Listener::tcp("127.0.0.1", static_cast<std::uint16_t>(taken->port()));
  EXPECT_EQ(why(second),
            "cannot listen on 127.0.0.1:" + std::to_string(taken->port()) + ": address already in use (who: ss -ltnp)");
}

} // namespace
} // namespace backstop
