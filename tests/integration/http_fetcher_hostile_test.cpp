#include "daemon/io/curl_fetcher.hpp"
#include "daemon/io/exchange_words.hpp"
#include "daemon/io/local_fetcher.hpp"
#include "tests/integration/raw_server.hpp"
#include "tests/integration/tls_server.hpp"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sstream>

namespace backstop {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

struct Kind {
  const char* name;
  std::unique_ptr<HttpFetcher> (*make)(EventLoop&);
};

/// What servers on this host do to a fetcher: the same is said of it, whoever makes the exchange.
class HttpFetcherHostile : public testing::TestWithParam<Kind> {
protected:
  HttpFetcherHostile() {
    block_signals();
    auto made = EventLoop::create();
    if (!made) throw std::runtime_error(made.error().what);
    loop_ = *std::move(made);
    fetcher_ = GetParam().make(*loop_);
  }
  static HttpRequest get(std::string url, Duration timeout = 10s) {
    HttpRequest r;
    r.url = std::move(url);
    r.timeout = timeout;
    return r;
  }
  Result<HttpResponse> fetch(HttpRequest request) {
    std::optional<Result<HttpResponse>> outcome;
    fetcher_->start(std::move(request), [&](Result<HttpResponse> r) { outcome = std::move(r); });
    const Time limit = loop_->fresh_now() + 30s; // for a failing test alone
    while (!outcome && loop_->fresh_now() < limit) loop_->run_once(1s);
    return outcome ? *outcome : fail(Errc::invalid, "done was never called");
  }
  /// The error of an exchange with a server that acts so.
  Error error_from(const RawServer::Script& script, Duration timeout = 10s) {
    RawServer server(script);
    const auto outcome = fetch(get(server.url("/metrics"), timeout));
    EXPECT_FALSE(outcome.ok()) << "status " << outcome->status;
    if (outcome) return {};
    EXPECT_THAT(outcome.error().what, StartsWith("GET " + server.url("/metrics") + ": "));
    return outcome.error();
  }
  static RawServer::Script answers_then_leaves(std::string bytes) {
    return [bytes = std::move(bytes)](RawServer::Connection& c) {
      if (c.read_request()) c.send(bytes);
    };
  }

  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<HttpFetcher> fetcher_;
};

TEST_P(HttpFetcherHostile, FloodsOfManyServersAreBoundedTogetherAndASmallAnswerComesThrough) {
  RawServer floods([](RawServer::Connection& c) { // 10 MiB each, then they wait until all have come so far
    if (!c.read_request() || !c.send("HTTP/1.1 200 OK\r\n\r\n")) return;
    const std::string part(std::size_t{1} << 20, 'x');
    for (int i = 0; i < 10; ++i) {
      if (!c.send(part)) return;
    }
    c.hold();
  });
  RawServer good([](RawServer::Connection& c) {
    if (c.read_request()) c.send(http_answer(200, "up 1\n"));
  });
  std::vector<Error> errors;
  for (int i = 0; i < 12; ++i)
    fetcher_->start(get(floods.url("/metrics"), 20s), [&](const Result<HttpResponse>& r) {
      if (!r) errors.push_back(r.error());
    });
  const Time limit = loop_->fresh_now() + 15s; // for a failing test alone
  while (errors.empty() && loop_->fresh_now() < limit) loop_->run_once(1s);
  ASSERT_FALSE(errors.empty()) << "120 MiB would be too much";
  EXPECT_EQ(errors[0].code, Errc::too_large);
  EXPECT_THAT(errors[0].what, EndsWith("the answer is larger than 256 KiB while the others that come take 16 MiB"));
  EXPECT_TRUE(fetch(get(good.url("/metrics"))).ok());
}

TEST_P(HttpFetcherHostile, LargeAnswerIsWholeAndItsDoneMayCancelAnother) {
  const std::string body(std::size_t{3} << 20, 'x');
  RawServer large([&](RawServer::Connection& c) {
    if (c.read_request()) c.send(http_answer(200, body));
  });
  int told = 0;
  HttpFetcher::Id ids[2];
  for (int i = 0; i < 2; ++i)
    ids[i] = fetcher_->start(get(large.url("/metrics")), [&, i](const Result<HttpResponse>& r) {
      ++told;
      EXPECT_TRUE(r.ok() && r->body == body);
      fetcher_->cancel(ids[1 - i]);
    });
  const Time limit = loop_->fresh_now() + 15s; // for a failing test alone
  while (told == 0 && loop_->fresh_now() < limit) loop_->run_once(1s);
  EXPECT_TRUE(fetch(get(large.url("/metrics"))).ok());
  EXPECT_EQ(told, 1);
}

TEST_P(HttpFetcherHostile, ServerThatNeverAnswersTimesOut) {
  const Error e = error_from([](RawServer::Connection& c) { c.hold(); }, 300ms);
  EXPECT_EQ(e.code, Errc::timeout);
  EXPECT_THAT(e.what, EndsWith("no answer within 300 ms"));
}

TEST_P(HttpFetcherHostile, DrippingBodyDoesNotOutliveTheDeadline) {
  const Error e = error_from(
      [](RawServer::Connection& c) {
        if (!c.read_request() || !c.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")) return;
        while (c.wait(10) && c.send("x")) {
        }
      },
      1s);
  EXPECT_EQ(e.code, Errc::timeout);
  EXPECT_THAT(e.what, HasSubstr("the answer was not complete within 1 s"));
}

TEST_P(HttpFetcherHostile, DrippingHeadDoesNotOutliveTheDeadline) {
  const Error e = error_from(
      [](RawServer::Connection& c) {
        if (!c.read_request() || !c.send("HTTP/1.1 200 OK\r\nX-Slow: ")) return;
        while (c.wait(10) && c.send("x")) {
        }
      },
      200ms);
  EXPECT_EQ(e.code, Errc::timeout);
}

TEST_P(HttpFetcherHostile, EndlessChunkedBodyIsCutAtTheBound) {
  RawServer server([](RawServer::Connection& c) {
    if (!c.read_request() || !c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")) return;
    const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    while (c.send(chunk)) {
    }
  });
  HttpRequest r = get(server.url());
  r.max_bytes = 1U << 20;
  const auto outcome = fetch(r);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Errc::too_large);
  EXPECT_THAT(outcome.error().what, EndsWith("the answer is larger than 1 MiB"));
}

TEST_P(HttpFetcherHostile, BoundHoldsForTheDecodedBody) {
  // 1 MiB of zeros in 1055 bytes of gzip, made by the test itself
  const auto dir = std::filesystem::path(testing::TempDir()) / ("backstop-gzip-" + std::to_string(getpid()));
  std::filesystem::create_directories(dir);
  ASSERT_EQ(std::system(("head -c 1048576 /dev/zero | gzip -9 > " + (dir / "zeros.gz").string()).c_str()), 0);
  std::stringstream bytes;
  bytes << std::ifstream(dir / "zeros.gz", std::ios::binary).rdbuf();
  std::filesystem::remove_all(dir);
  ASSERT_LT(bytes.str().size(), 10000U);
  RawServer server(answers_then_leaves(http_answer(200, bytes.str(), "Content-Encoding: gzip\r\n")));
  HttpRequest r = get(server.url());
  r.max_bytes = 100000;
  const auto outcome = fetch(r);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Errc::too_large);
  r.max_bytes = 1048576;
  const auto whole = fetch(r);
  ASSERT_TRUE(whole.ok()) << whole.error().what;
  EXPECT_EQ(whole->body, std::string(1048576, '\0'));
}

TEST_P(HttpFetcherHostile, HugeDeclaredLengthDoesNotReserveMemory) {
  const Error e = error_from(answers_then_leaves("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nx"));
  EXPECT_EQ(e.code, Errc::io);
}

TEST_P(HttpFetcherHostile, FloodOfHeadersIsCut) {
  const Error e = error_from([](RawServer::Connection& c) {
    if (!c.read_request() || !c.send("HTTP/1.1 200 OK\r\n")) return;
    while (c.send("X-Flood: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  EXPECT_EQ(e.code, Errc::too_large);
  EXPECT_THAT(e.what, EndsWith("the headers of the answer are larger than 64 KiB"));
}

TEST_P(HttpFetcherHostile, FloodOfContinuesIsCut) {
  const Error e = error_from([](RawServer::Connection& c) {
    if (!c.read_request()) return;
    while (c.send("HTTP/1.1 100 Continue\r\n\r\n")) {
    }
  });
  EXPECT_EQ(e.code, Errc::too_large);
}

TEST_P(HttpFetcherHostile, OneEndlessHeaderIsCut) {
  const Error e = error_from([](RawServer::Connection& c) {
    if (!c.read_request() || !c.send("HTTP/1.1 200 OK\r\nX-Long: ")) return;
    while (c.send(std::string(10000, 'x'))) {
    }
  });
  EXPECT_NE(e.code, Errc::timeout);
}

TEST_P(HttpFetcherHostile, ServerThatClosesAtOnceIsNamedSo) {
  const Error e = error_from(answers_then_leaves(""));
  EXPECT_EQ(e.code, Errc::io);
  EXPECT_THAT(e.what, EndsWith("the server closed the connection without an answer"));
}

TEST_P(HttpFetcherHostile, ServerThatClosesMidwayIsNoAnswer) {
  const Error e = error_from(answers_then_leaves("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
  EXPECT_EQ(e.code, Errc::io);
  EXPECT_THAT(e.what, HasSubstr("the connection broke before the answer was complete"));
}

TEST_P(HttpFetcherHostile, ChunkedAnswerCutInTheMiddleIsNoAnswer) {
  const Error e =
      error_from(answers_then_leaves("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"));
  EXPECT_EQ(e.code, Errc::io);
}

TEST_P(HttpFetcherHostile, GarbageIsNotHttp) {
  const Error e = error_from(answers_then_leaves("SSH-2.0-OpenSSH_9.2p1\r\n"));
  EXPECT_EQ(e.code, Errc::io);
  EXPECT_THAT(e.what, HasSubstr("the answer is not HTTP/1"));
}

TEST_P(HttpFetcherHostile, BinaryGarbageIsNotHttp) {
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise.push_back(static_cast<char>(i * 7919 >> 3));
  EXPECT_EQ(error_from(answers_then_leaves(noise)).code, Errc::io);
}

TEST_P(HttpFetcherHostile, BrokenCompressionIsAnError) {
  const Error e = error_from(answers_then_leaves(http_answer(200, "not gzip at all", "Content-Encoding: gzip\r\n")));
  EXPECT_EQ(e.code, Errc::io);
}

TEST_P(HttpFetcherHostile, ServerErrorIsAnAnswerLikeAnyOther) {
  RawServer server(answers_then_leaves(http_answer(500, "out of order")));
  const auto outcome = fetch(get(server.url()));
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  EXPECT_EQ(outcome->status, 500);
}

TEST_P(HttpFetcherHostile, RedirectIsNotFollowed) {
  RawServer other([](RawServer::Connection& c) { c.hold(); });
  RawServer server(answers_then_leaves(http_answer(301, "", "Location: " + other.url() + "\r\n")));
  const auto outcome = fetch(get(server.url()));
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  EXPECT_EQ(outcome->status, 301);
  EXPECT_EQ(other.connections(), 0);
}

TEST_P(HttpFetcherHostile, PlainHttpOnAnHttpsPortIsNamedSo) {
  RawServer server([](RawServer::Connection& c) {
    if (c.wait(-1)) c.send(http_answer(400, "what is this?"));
  });
  const auto outcome = fetch(get(server.url("/", "https")));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Errc::io);
  EXPECT_THAT(outcome.error().what, HasSubstr("does this port speak https?"));
}

TEST_P(HttpFetcherHostile, TlsPortThatHangsInTheHandshakeTimesOut) {
  RawServer server([](RawServer::Connection& c) { c.hold(); });
  const auto outcome = fetch(get(server.url("/", "https"), 300ms));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Errc::timeout);
  EXPECT_THAT(outcome.error().what, EndsWith("no TLS connection within 300 ms"));
}

TEST_P(HttpFetcherHostile, FullBacklogTimesOutWhileConnecting) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    (void)connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), size);
  }
  const auto outcome = fetch(get("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/", 100ms));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Errc::timeout);
  EXPECT_THAT(outcome.error().what, EndsWith("no connection within 100 ms"));
  for (const int fd : fillers) close(fd);
  close(listener);
}

TEST_P(HttpFetcherHostile, HangingServersDoNotHoldUpOthers) {
  RawServer hanging([](RawServer::Connection& c) { c.hold(); });
  RawServer good([](RawServer::Connection& c) {
    while (c.read_request() && c.send(http_answer(200, "up 1"))) {
    }
  });
  int timeouts = 0;
  for (int i = 0; i < 30; ++i)
    fetcher_->start(get(hanging.url(), 60s), [&](const Result<HttpResponse>&) { ++timeouts; });
  const auto outcome = fetch(get(good.url()));
  ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  EXPECT_EQ(timeouts, 0);
}

TEST_P(HttpFetcherHostile, ConnectionsAreUsedAgain) {
  RawServer server([](RawServer::Connection& c) {
    while (c.read_request() && c.send(http_answer(200, "up 1"))) {
    }
  });
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(fetch(get(server.url("/" + std::to_string(i)))).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST_P(HttpFetcherHostile, KeptConnectionThatTheServerClosedIsReplaced) {
  RawServer server(answers_then_leaves(http_answer(200, "up 1"))); // promises keep-alive, and leaves
  for (int i = 0; i < 5; ++i) {
    const auto outcome = fetch(get(server.url()));
    ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  }
}

TEST_P(HttpFetcherHostile, NothingIsAskedThatLoopbackDoesNotNeedAndNothingLeaksIn) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("all_proxy", "http://127.0.0.1:1", 1);
  std::string seen;
  {
    RawServer server([&](RawServer::Connection& c) {
      seen = c.read_request().value_or("");
      c.send(http_answer(200, ""));
    });
    const auto outcome = fetch(get(server.url()));
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    ASSERT_TRUE(outcome.ok()) << outcome.error().what;
  }
  EXPECT_THAT(
      seen, AllOf(Not(HasSubstr("Accept-Encoding")), Not(HasSubstr("Expect")), HasSubstr("User-Agent: backstop\r\n")));
}

TEST_P(HttpFetcherHostile, CredentialsAreSentAndNeverShown) {
  std::string seen;
  HttpRequest bearer;
  HttpRequest basic;
  {
    RawServer server([&](RawServer::Connection& c) {
      while (auto request = c.read_request()) {
        seen += *request;
        c.send(http_answer(200, ""));
      }
    });
    bearer = get(server.url());
    bearer.bearer_token = "s3cret";
    basic = get(server.url());
    basic.basic_credential = "ana:hunter2";
    ASSERT_TRUE(fetch(bearer).ok());
    ASSERT_TRUE(fetch(basic).ok());
  }
  EXPECT_THAT(seen, AllOf(HasSubstr("Authorization: Bearer s3cret\r\n"),
                          HasSubstr("Authorization: Basic YW5hOmh1bnRlcjI=\r\n")));
  for (const HttpRequest& r : {bearer, basic}) { // the server is gone now
    const auto outcome = fetch(r);
    ASSERT_FALSE(outcome.ok());
    EXPECT_THAT(outcome.error().what, AllOf(Not(HasSubstr("s3cret")), Not(HasSubstr("hunter2"))));
  }
}

TEST_P(HttpFetcherHostile, SecretPathIsNotShown) {
  HttpRequest r = get("http://127.0.0.1:1/services/T000/s3cret");
  r.secret_path = true;
  const auto outcome = fetch(r);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().what, "GET http://127.0.0.1:1: connection refused");
}

TEST_P(HttpFetcherHostile, ShownUrlHasNoCredentialsWhateverTheirForm) {
  EXPECT_EQ(shown_url("http://ana:hunter2@host:8080/m?token=hunter2#hunter2"), "http://host:8080/m");
  EXPECT_EQ(shown_url("https://host"), "https://host/");
  EXPECT_EQ(shown_url("https://hooks.example/s3cret", true), "https://hooks.example");
  for (const char* odd : {"http://ana:hunt/er2@host/m", "http://ana:hun@ter2@host/m", "ana:hunter2@host/m",
                          "http://ana:hun ter2@host/m", "://hunter2@host"})
    EXPECT_THAT(shown_url(odd), AllOf(Not(HasSubstr("hun")), Not(HasSubstr("ter2")))) << odd;
}

TEST_P(HttpFetcherHostile, OtherProtocolsAndBrokenRequestsAreRefused) {
  const auto refused = [&](HttpRequest r) {
    const auto outcome = fetch(std::move(r));
    return !outcome.ok() && outcome.error().code == Errc::invalid ? outcome.error().what : "not refused";
  };
  EXPECT_THAT(refused(get("file:///etc/passwd")), HasSubstr("only http:// and https://"));
  EXPECT_THAT(refused(get("gopher://127.0.0.1:1/")), HasSubstr("only http:// and https://"));
  EXPECT_THAT(refused(get("http://")), HasSubstr("no URL"));
  EXPECT_THAT(refused(get("http://127.0.0.1:1/a\r\nX: y")), HasSubstr("no URL"));
  HttpRequest injected = get("http://127.0.0.1:1/");
  injected.bearer_token = "a\r\nX-Evil: 1";
  EXPECT_THAT(refused(injected), HasSubstr("line break"));
  HttpRequest header = get("http://127.0.0.1:1/");
  header.headers = {{"X-Evil: 1\r\nY", "z"}};
  EXPECT_THAT(refused(header), HasSubstr("header's name"));
  HttpRequest method = get("http://127.0.0.1:1/");
  method.method = "GET / HTTP/1.1\r\n";
  EXPECT_THAT(refused(method), HasSubstr("method"));
}

TEST_P(HttpFetcherHostile, UnixSocketIsSpokenTo) {
  const std::string path = testing::TempDir() + "backstop-fetch-" + std::to_string(getpid()) + ".sock";
  HttpRequest r = get("http://localhost/metrics");
  r.unix_socket = path;
  {
    RawServer server(path, answers_then_leaves(http_answer(200, "by socket")));
    const auto outcome = fetch(r);
    ASSERT_TRUE(outcome.ok()) << outcome.error().what;
    EXPECT_EQ(outcome->body, "by socket");
  }
  const auto refused = fetch(r);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().what, "GET http://localhost/metrics at " + path + ": connection refused");
  unlink(path.c_str());
  const auto absent = fetch(r);
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().what, "GET http://localhost/metrics at " + path + ": no such file or directory");
}

TEST_P(HttpFetcherHostile, NameThatDoesNotExistIsNamedSo) {
  const auto outcome = fetch(get("http://no-such-host.invalid/metrics", 5s));
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().what, StartsWith("GET http://no-such-host.invalid/metrics: "));
}

TEST_P(HttpFetcherHostile, FetcherMayBeDestroyedByADone) {
  RawServer server(answers_then_leaves(http_answer(200, "up 1")));
  bool called = false;
  fetcher_->start(get(server.url()), [&](const Result<HttpResponse>&) {
    fetcher_.reset();
    called = true;
    loop_->exit(0);
  });
  loop_->run();
  EXPECT_TRUE(called);
}

TEST_P(HttpFetcherHostile, ExceptionOfADoneComesOutOfTheLoopAndTheFetcherGoesOn) {
  RawServer server([](RawServer::Connection& c) {
    while (c.read_request() && c.send(http_answer(200, "up 1"))) {
    }
  });
  fetcher_->start(get(server.url()), [](const Result<HttpResponse>&) { throw std::runtime_error("boom"); });
  EXPECT_THROW(loop_->run(), std::runtime_error);
  EXPECT_TRUE(fetch(get(server.url())).ok());
}

TEST_P(HttpFetcherHostile, CertificateMustBeTrustedAndForThisHost) {
  const TlsServer server;
  const auto untrusted = fetch(get(server.url("127.0.0.1")));
  ASSERT_FALSE(untrusted.ok());
  EXPECT_THAT(untrusted.error().what, HasSubstr("the server's certificate is not accepted"));

  HttpRequest r = get(server.url("127.0.0.1"));
  r.ca_file = server.path("cert.pem");
  const auto trusted = fetch(r);
  ASSERT_TRUE(trusted.ok()) << trusted.error().what;
  EXPECT_EQ(trusted->body, "by tls");

  r.url = server.url("localhost"); // the certificate is for the address
  const auto other_name = fetch(r);
  ASSERT_FALSE(other_name.ok());
  EXPECT_THAT(other_name.error().what, HasSubstr("the server's certificate is not accepted"));
}

TEST_P(HttpFetcherHostile, TrustedOnceIsNotTrustedForARequestWithoutTheRoot) {
  const TlsServer server;
  HttpRequest r = get(server.url("127.0.0.1"));
  r.ca_file = server.path("cert.pem");
  ASSERT_TRUE(fetch(r).ok());
  EXPECT_FALSE(fetch(get(server.url("127.0.0.1"))).ok()); // must not ride on the kept connection
}

TEST_P(HttpFetcherHostile, UnreadableRootsAreNamed) {
  HttpRequest r = get("https://127.0.0.1:1/");
  RawServer server([](RawServer::Connection& c) { c.hold(); });
  r.url = server.url("/", "https");
  r.ca_file = "/nonexistent/roots.pem";
  const auto outcome = fetch(r);
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.error().what, HasSubstr("cannot read the trusted roots in /nonexistent/roots.pem"));
}

INSTANTIATE_TEST_SUITE_P(
    , HttpFetcherHostile,
    testing::Values(
        Kind{"curl", [](EventLoop& l) -> std::unique_ptr<HttpFetcher> { return std::make_unique<CurlFetcher>(l); }},
        Kind{"local", [](EventLoop& l) -> std::unique_ptr<HttpFetcher> { return std::make_unique<LocalFetcher>(l); }}),
    [](const auto& kind) { return std::string(kind.param.name); });

} // namespace
} // namespace backstop
