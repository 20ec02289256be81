#include "daemon/io/curl_fetcher.hpp"
#include "daemon/io/local_fetcher.hpp"
#include "tests/fakes/scripted_fetcher.hpp"
#include "tests/integration/raw_server.hpp"
#include <gmock/gmock.h>
#include <map>

namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

/// What the suite needs of a fetcher and of what stands at the other end.
class World {
public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  virtual ~World() = default;
  virtual HttpFetcher& fetcher() = 0;
  virtual void drop_fetcher() = 0;
  [[nodiscard]] virtual std::string url(const std::string& path) const = 0;
  virtual void serve(const std::string& path, HttpResponse answer) = 0;
  virtual void serve_never(const std::string& path) = 0;
  /// "METHOD path body" of the last request that came in.
  virtual std::string last_request() = 0;
  /// Lets things happen until `enough` says so. The bound is there for a failing test alone.
  virtual void run_until(const std::function<bool()>& enough) = 0;
};

class ScriptedWorld final : public World {
public:
  HttpFetcher& fetcher() override { return *fetcher_; }
  void drop_fetcher() override { fetcher_.reset(); }
  std::string url(const std::string& path) const override { return "http://target:80" + path; }
  void serve(const std::string& path, HttpResponse answer) override { fetcher_->always(url(path), std::move(answer)); }
  void serve_never(const std::string& path) override { fetcher_->hang(url(path)); }
  std::string last_request() override {
    const HttpRequest& r = fetcher_->requests().back();
    return r.method + " " + r.url.substr(std::string("http://target:80").size()) + " " + r.body;
  }
  void run_until(const std::function<bool()>& enough) override {
    for (int i = 0; i < 1000 && !enough(); ++i) fetcher_->advance(100ms);
  }

private:
  std::unique_ptr<ScriptedFetcher> fetcher_ = std::make_unique<ScriptedFetcher>();
};

/// `Fetcher` over real sockets.
template <class Fetcher> class SocketWorld final : public World {
public:
  SocketWorld() : server_([this](RawServer::Connection& c) { answer_all(c); }) {
    auto made = EventLoop::create();
    if (!made) throw std::runtime_error(made.error().what);
    loop_ = *std::move(made);
    fetcher_ = std::make_unique<Fetcher>(*loop_);
  }
  HttpFetcher& fetcher() override { return *fetcher_; }
  void drop_fetcher() override { fetcher_.reset(); }
  std::string url(const std::string& path) const override { return server_.url(path); }
  void serve(const std::string& path, HttpResponse answer) override {
    std::string headers = "Content-Type: " + answer.content_type + "\r\n";
    if (!answer.retry_after.empty()) headers += "retry-after: " + answer.retry_after + "\r\n";
    if (answer.status / 100 == 3) headers += "Location: " + url("/elsewhere") + "\r\n";
    const std::scoped_lock lock(mutex_);
    answers_[path] = http_answer(answer.status, answer.body, headers);
  }
  void serve_never(const std::string& path) override {
    const std::scoped_lock lock(mutex_);
    answers_[path] = "";
  }
  std::string last_request() override {
    const std::scoped_lock lock(mutex_);
    return last_request_;
  }
  void run_until(const std::function<bool()>& enough) override {
    const Time limit = loop_->fresh_now() + 20s;
    while (!enough() && loop_->fresh_now() < limit) loop_->run_once(100ms);
  }

private:
  void answer_all(RawServer::Connection& c) {
    while (const auto request = c.read_request()) {
      std::string answer;
      {
        const std::scoped_lock lock(mutex_);
        const std::string target = request->substr(0, request->find(" HTTP/"));
        last_request_ = target + " " + request->substr(request->find("\r\n\r\n") + 4);
        answer = answers_[target.substr(target.find(' ') + 1)];
      }
      if (answer.empty()) return c.hold();
      if (!c.send(answer)) return;
    }
  }

  std::mutex mutex_;
  std::map<std::string, std::string> answers_;
  std::string last_request_;
  RawServer server_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Fetcher> fetcher_;
};

struct Kind {
  const char* name;
  std::function<std::unique_ptr<World>()> make;
};

class HttpFetcherContract : public testing::TestWithParam<Kind> {
protected:
  using Outcome = std::optional<Result<HttpResponse>>;
  Result<HttpResponse> fetch(HttpRequest request) {
    Outcome outcome;
    world_->fetcher().start(std::move(request), [&](Result<HttpResponse> r) { outcome = std::move(r); });
    world_->run_until([&] { return outcome.has_value(); });
    return outcome ? *outcome : fail(Errc::invalid, "done was never called");
  }
  [[nodiscard]] HttpRequest get(const std::string& path) const {
    HttpRequest r;
    r.url = world_->url(path);
    return r;
  }
  static HttpResponse ok(std::string body) { return {200, "text/plain", "", std::move(body), {}, {}}; }

  std::unique_ptr<World> world_ = GetParam().make();
};

TEST_P(HttpFetcherContract, AnswerComesWithStatusTypeAndBody) {
  world_->serve("/metrics", {200, "text/plain; version=0.0.4", "", "up 1\n", {}, {}});
  const auto r = fetch(get("/metrics"));
  ASSERT_TRUE(r.ok()) << r.error().what;
  EXPECT_EQ(r->status, 200);
  EXPECT_EQ(r->content_type, "text/plain; version=0.0.4");
  EXPECT_EQ(r->body, "up 1\n");
  EXPECT_EQ(r->retry_after, "");
}

TEST_P(HttpFetcherContract, AnyStatusIsAnAnswer) {
  for (const int status : {400, 401, 404, 500, 503}) {
    world_->serve("/s", {status, "text/plain", "", "why", {}, {}});
    const auto r = fetch(get("/s"));
    ASSERT_TRUE(r.ok()) << r.error().what;
    EXPECT_EQ(r->status, status);
    EXPECT_EQ(r->body, "why");
  }
}

TEST_P(HttpFetcherContract, RedirectIsAnAnswerAndIsNotFollowed) {
  world_->serve("/old", {302, "text/plain", "", "", {}, {}});
  const auto r = fetch(get("/old"));
  ASSERT_TRUE(r.ok()) << r.error().what;
  EXPECT_EQ(r->status, 302);
  EXPECT_EQ(world_->last_request(), "GET /old ");
}

TEST_P(HttpFetcherContract, RetryAfterIsGivenAsSent) {
  world_->serve("/busy", {429, "text/plain", "120", "", {}, {}});
  const auto r = fetch(get("/busy"));
  ASSERT_TRUE(r.ok()) << r.error().what;
  EXPECT_EQ(r->retry_after, "120");
}

TEST_P(HttpFetcherContract, MethodAndBodyArrive) {
  world_->serve("/hook", ok("taken"));
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    HttpRequest r = get("/hook");
    r.method = method;
    r.body = R"({"a":1})";
    ASSERT_TRUE(fetch(r).ok());
    EXPECT_EQ(world_->last_request(), std::string(method) + R"( /hook {"a":1})");
  }
}

TEST_P(HttpFetcherContract, PostWithoutABodyIsComplete) {
  world_->serve("/hook", ok("taken"));
  HttpRequest r = get("/hook");
  r.method = "POST";
  ASSERT_TRUE(fetch(r).ok());
  EXPECT_EQ(world_->last_request(), "POST /hook ");
}

TEST_P(HttpFetcherContract, DoneIsNeverCalledFromInsideStart) {
  world_->serve("/a", ok(""));
  bool inside = true;
  int calls = 0;
  const auto done = [&](const Result<HttpResponse>&) {
    EXPECT_FALSE(inside);
    ++calls;
  };
  world_->fetcher().start(get("/a"), done);
  HttpRequest dead;
  dead.url = "http://127.0.0.1:1/";
  world_->fetcher().start(dead, done);
  HttpRequest wrong;
  wrong.url = "";
  world_->fetcher().start(wrong, done);
  inside = false;
  world_->run_until([&] { return calls == 3; });
  EXPECT_EQ(calls, 3);
}

TEST_P(HttpFetcherContract, DoneIsCalledOnce) {
  world_->serve("/a", ok("a"));
  int calls = 0;
  bool later = false;
  world_->fetcher().start(get("/a"), [&](const Result<HttpResponse>&) { ++calls; });
  world_->run_until([&] { return calls > 0; });
  world_->fetcher().start(get("/a"), [&](const Result<HttpResponse>&) { later = true; });
  world_->run_until([&] { return later; });
  EXPECT_EQ(calls, 1);
}

TEST_P(HttpFetcherContract, NobodyThereIsAnErrorThatNamesWhatWhomAndWhy) {
  HttpRequest r;
  r.url = "http://127.0.0.1:1/metrics";
  const auto outcome = fetch(r);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Errc::io);
  EXPECT_EQ(outcome.error().what, "GET http://127.0.0.1:1/metrics: connection refused");
}

TEST_P(HttpFetcherContract, SecretsInTheUrlAreNotShown) {
  HttpRequest r;
  r.url = "http://ana:hunter2@127.0.0.1:1/metrics?token=hunter3";
  r.bearer_token = "hunter4";
  const auto outcome = fetch(r);
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().what,
              AllOf(HasSubstr("GET http://127.0.0.1:1/metrics: "), Not(HasSubstr("hunter")), Not(HasSubstr("ana"))));
}

TEST_P(HttpFetcherContract, NoAnswerWithinTheTimeoutIsATimeout) {
  world_->serve_never("/hang");
  HttpRequest r = get("/hang");
  r.timeout = 300ms;
  const auto outcome = fetch(r);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Errc::timeout);
  EXPECT_THAT(outcome.error().what, HasSubstr("GET " + world_->url("/hang") + ": no answer"));
}

TEST_P(HttpFetcherContract, BodyOfExactlyTheBoundIsTakenOneMoreByteIsNot) {
  HttpRequest r = get("/big");
  r.max_bytes = 1000;
  world_->serve("/big", ok(std::string(1000, 'x')));
  const auto at = fetch(r);
  ASSERT_TRUE(at.ok()) << at.error().what;
  EXPECT_EQ(at->body.size(), 1000U);
  world_->serve("/big", ok(std::string(1001, 'x')));
  const auto above = fetch(r);
  ASSERT_FALSE(above.ok());
  EXPECT_EQ(above.error().code, Errc::too_large);
}

TEST_P(HttpFetcherContract, CancelledExchangeSaysNothing) {
  world_->serve("/a", ok(""));
  bool called = false;
  bool other = false;
  const auto id = world_->fetcher().start(get("/a"), [&](const Result<HttpResponse>&) { called = true; });
  world_->fetcher().cancel(id);
  world_->fetcher().cancel(id);
  world_->fetcher().start(get("/a"), [&](const Result<HttpResponse>&) { other = true; });
  world_->run_until([&] { return other; });
  EXPECT_TRUE(other);
  EXPECT_FALSE(called);
}

TEST_P(HttpFetcherContract, ImpossibleRequestCanBeCancelledToo) {
  world_->serve("/a", ok(""));
  bool called = false;
  bool other = false;
  const auto id = world_->fetcher().start(HttpRequest{}, [&](const Result<HttpResponse>&) { called = true; });
  world_->fetcher().cancel(id);
  world_->fetcher().start(get("/a"), [&](const Result<HttpResponse>&) { other = true; });
  world_->run_until([&] { return other; });
  EXPECT_FALSE(called);
}

TEST_P(HttpFetcherContract, CancellingWhatIsUnknownOrDoneHasNoEffect) {
  world_->fetcher().cancel(12345);
  world_->serve("/a", ok("a"));
  bool done = false;
  const auto id = world_->fetcher().start(get("/a"), [&](const Result<HttpResponse>&) { done = true; });
  world_->run_until([&] { return done; });
  world_->fetcher().cancel(id);
  EXPECT_TRUE(fetch(get("/a")).ok());
}

TEST_P(HttpFetcherContract, DoneMayStartTheNextExchange) {
  world_->serve("/a", ok("a"));
  world_->serve("/b", ok("b"));
  std::string seen;
  world_->fetcher().start(get("/a"), [&](const Result<HttpResponse>& a) {
    seen += a->body;
    world_->fetcher().start(get("/b"), [&](const Result<HttpResponse>& b) { seen += b->body; });
  });
  world_->run_until([&] { return seen.size() == 2; });
  EXPECT_EQ(seen, "ab");
}

TEST_P(HttpFetcherContract, DoneMayCancelAnotherExchange) {
  world_->serve("/a", ok("a"));
  int calls = 0;
  HttpFetcher::Id ids[2];
  for (int i = 0; i < 2; ++i)
    ids[i] = world_->fetcher().start(get("/a"), [&, i](const Result<HttpResponse>&) {
      ++calls;
      world_->fetcher().cancel(ids[1 - i]);
    });
  world_->run_until([&] { return calls > 0; });
  EXPECT_TRUE(fetch(get("/a")).ok());
  EXPECT_EQ(calls, 1);
}

TEST_P(HttpFetcherContract, ManyAtOnceEachGetTheirOwnAnswer) {
  constexpr int count = 40;
  int right = 0;
  int calls = 0;
  for (int i = 0; i < count; ++i) {
    const std::string path = "/" + std::to_string(i);
    world_->serve(path, ok(path));
    world_->fetcher().start(get(path), [&, path](const Result<HttpResponse>& r) {
      ++calls;
      if (r && r->body == path) ++right;
    });
  }
  world_->run_until([&] { return calls == count; });
  EXPECT_EQ(right, count);
}

TEST_P(HttpFetcherContract, DestroyingTheFetcherGivesUpWhatIsUnderWay) {
  world_->serve_never("/hang");
  bool called = false;
  world_->fetcher().start(get("/hang"), [&](const Result<HttpResponse>&) { called = true; });
  world_->fetcher().start(HttpRequest{}, [&](const Result<HttpResponse>&) { called = true; });
  world_->drop_fetcher();
  EXPECT_FALSE(called);
}

INSTANTIATE_TEST_SUITE_P(, HttpFetcherContract,
                         testing::Values(Kind{"scripted", [] { return std::make_unique<ScriptedWorld>(); }},
                                         Kind{"curl", [] { return std::make_unique<SocketWorld<CurlFetcher>>(); }},
                                         Kind{"local", [] { return std::make_unique<SocketWorld<LocalFetcher>>(); }}),
                         [](const auto& kind) { return std::string(kind.param.name); });

} // namespace
} // namespace backstop
