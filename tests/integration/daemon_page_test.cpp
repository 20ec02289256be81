#include "daemon_process.hpp"

/// The web page of the real daemon: what it serves, to whom, and what it refuses. Over TCP, and through the control socket.
namespace backstop {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kToken = "ana-0123456789abcdef0123456789";

constexpr int kPage = BACKSTOP_PAGE_STATUS; ///< of `/`: 404 where the daemon is built without its page

class DaemonPage : public DaemonProcess {
protected:
  /// `more`: keys of the section.
  [[nodiscard]] bool start_page(const std::string& more = "") {
    write("token", kToken + "\n");
    shop.settings.more_keys =
        "page: {listen: \"127.0.0.1:0\", tokens: {ana: {token: {file: \"" + shop.dir + "/token\"}}}" + more + "}\n";
    shop.prepare();
    if (!start()) return false;
    const std::string text = log(), before = "page on port ";
    const auto at = text.rfind(before);
    if (at == std::string::npos) return false;
    port_ = std::stoi(text.substr(at + before.size()));
    host_ = "127.0.0.1:" + std::to_string(port_);
    return true;
  }
  /// Everything that comes back for a whole request of HTTP, until the connection closes.
  std::string raw(const std::string& request, const std::string& end = "\r\n\r\n") const {
    RawClient client(port_);
    client.send(request);
    client.wait_for(end, 10'000);
    return client.received();
  }
  std::string get(const std::string& path, const std::string& headers = "") const {
    return raw("GET " + path + " HTTP/1.1\r\nHost: " + host_ + "\r\nAccept-Encoding: gzip\r\n" + headers +
               "Connection: close\r\n\r\n");
  }
  std::string post(const std::string& path, const std::string& body, const std::string& headers) const {
    return raw("POST " + path + " HTTP/1.1\r\nHost: " + host_ + "\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n" + headers + "Connection: close\r\n\r\n" + body);
  }
  std::string hold(const std::string& headers) const {
    return post("/v1/hold", R"({"service": "shop", "for_s": 60, "reason": "a test"})", headers);
  }
  static std::string bearer(const std::string& token) { return "Authorization: Bearer " + token + "\r\n"; }
  static int status_of(const std::string& answer) { return answer.size() < 12 ? 0 : std::atoi(answer.c_str() + 9); }
  bool held() { return !service()["hold"].is_null(); }

  int port_ = 0;
  std::string host_;
};

TEST_F(DaemonPage, WithoutTheSectionNothingListens) {
  ASSERT_TRUE(start());
  EXPECT_THAT(log(), Not(HasSubstr("page on port")));
}

TEST_F(DaemonPage, ASectionThatAReloadTakesAwayShowsNothingMore) {
  ASSERT_TRUE(start_page(", read: token"));
  ASSERT_EQ(status_of(get("/v1/status", bearer(kToken))), 200);
  shop.settings.more_keys.clear();
  shop.prepare();
  ASSERT_EQ(ask("POST", "/v1/reload")->status, 200);
  for (const char* path : {"/v1/status", "/v1/events", "/"}) EXPECT_EQ(status_of(get(path)), 403) << path;
  EXPECT_EQ(status_of(get("/v1/status", bearer(kToken))), 403);
}

TEST_F(DaemonPage, APortThatIsTakenKeepsNobodyFromBeingWatched) {
  const RawServer other([](RawServer::Connection&) {});
  shop.settings.more_keys = "page: {listen: \"127.0.0.1:" + std::to_string(other.port()) + "\"}\n";
  shop.prepare();
  ASSERT_TRUE(start());
  EXPECT_THAT(log(), HasSubstr("the page is not served: page.listen"));
  EXPECT_THAT(log(), Not(HasSubstr("page on port")));
}

TEST_F(DaemonPage, StreamsAndRefusalsForbidWhatAnswersForbid) {
  ASSERT_TRUE(start_page());
  const std::string stream = get("/v1/events");
  EXPECT_EQ(status_of(stream), 200);
  for (const char* name : {"Content-Security-Policy: default-src 'none'", "X-Content-Type-Options: nosniff",
                           "Cross-Origin-Resource-Policy: same-origin", "X-Frame-Options: DENY"}) {
    EXPECT_THAT(stream, HasSubstr(name));
    EXPECT_THAT(post("/v1/hold", std::string(70'000, 'a'), bearer(kToken)), HasSubstr(name));
  }
  EXPECT_THAT(stream, HasSubstr("X-Accel-Buffering: no"));
  const std::string once = get("/v1/status");
  EXPECT_EQ(once.find("X-Frame-Options"), once.rfind("X-Frame-Options")) << "said once";
}

TEST_F(DaemonPage, WhoeverReachesItSeesAndDoesNotAct) {
  ASSERT_TRUE(start_page());
  EXPECT_EQ(status_of(get("/v1/status")), 200);
  EXPECT_EQ(status_of(get("/v1/readings/shop")), 200);
  EXPECT_THAT(get("/v1/me"), HasSubstr(R"({"name":"page","may_act":false,"roles":[]})"));
  EXPECT_EQ(status_of(hold("")), 401);
  EXPECT_EQ(status_of(hold(bearer("wrong-0123456789abcdef0123456789"))), 401);
  EXPECT_EQ(status_of(hold("Cookie: token=" + kToken + "\r\n")), 401) << "no cookie is a token";
  EXPECT_EQ(status_of(post("/v1/hold?token=" + kToken, "{}", "")), 401) << "no part of an address is";
  EXPECT_FALSE(held());
  EXPECT_THAT(hold(""), HasSubstr("WWW-Authenticate: Bearer"));
}

TEST_F(DaemonPage, ATokenActsAndIsTheActor) {
  ASSERT_TRUE(start_page());
  EXPECT_EQ(status_of(hold(bearer(kToken))), 200);
  EXPECT_EQ(service()["hold"].text("by"), "token:ana");
  write("token", "another-0123456789abcdef\n");
  EXPECT_EQ(status_of(hold(bearer(kToken))), 401) << "it was changed, and counts at once";
  EXPECT_EQ(status_of(hold(bearer("another-0123456789abcdef"))), 200);
}

TEST_F(DaemonPage, AnotherSiteMakesABrowserDoNothing) {
  ASSERT_TRUE(start_page());
  for (const std::string& headers : {std::string("Origin: https://evil.example\r\n"), std::string("Origin: null\r\n"),
                                     std::string("Sec-Fetch-Site: cross-site\r\n")}) {
    EXPECT_EQ(status_of(hold(bearer(kToken) + headers)), 403) << headers;
    EXPECT_EQ(status_of(get("/v1/status", headers)), 403) << headers;
    EXPECT_EQ(status_of(get("//v1/status", headers)), 403) << headers;
  }
  EXPECT_EQ(status_of(hold(bearer(kToken) + "Origin: http://" + host_ + "\r\n")), 200);
  host_ = "evil.example:" + std::to_string(port_);
  EXPECT_EQ(status_of(get("/v1/status")), 403) << "DNS rebinding";
  EXPECT_EQ(status_of(get("/")), 403);
}

TEST_F(DaemonPage, ABrowserBehindATunnelToTheControlSocketIsNoWayInEither) {
  ASSERT_TRUE(start_page());
  const auto over_socket = [&](const std::string& headers) {
    RawClient client(socket_path());
    const std::string body = R"({"service": "shop", "for_s": 60, "reason": "a test"})";
    client.send("POST /v1/hold HTTP/1.1\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
                "\r\nConnection: close\r\n\r\n" + body);
    client.wait_for("\r\n\r\n", 10'000);
    return status_of(client.received());
  };
  EXPECT_EQ(over_socket("Host: localhost:9478\r\nOrigin: https://evil.example\r\n"), 403);
  EXPECT_EQ(over_socket("Host: evil.example:9478\r\n"), 403);
  EXPECT_EQ(over_socket("Host: evil:9478\r\n"), 403) << "a name without a point can be pointed here too";
  EXPECT_FALSE(held());
  EXPECT_EQ(over_socket("Host: localhost:9478\r\nOrigin: http://localhost:9478\r\n"), 200);
  EXPECT_TRUE(held());
  RawClient client(socket_path());
  client.send("GET / HTTP/1.1\r\nHost: localhost:9478\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
  client.wait_for("\r\n\r\n", 10'000);
  EXPECT_EQ(status_of(client.received()), kPage) << "the page is there too";
}

TEST_F(DaemonPage, ReadingCanWantATokenToo) {
  ASSERT_TRUE(start_page(", read: token"));
  EXPECT_EQ(status_of(get("/v1/status")), 401);
  EXPECT_EQ(status_of(get("/v1/events")), 401);
  EXPECT_EQ(status_of(get("/v1/status", bearer(kToken))), 200);
  EXPECT_EQ(status_of(get("/")), kPage) << "the page itself tells nothing";
}

TEST_F(DaemonPage, NoFileOfTheHostCanBeHad) {
  ASSERT_TRUE(start_page());
  EXPECT_EQ(status_of(get("/")), kPage);
  EXPECT_THAT(get("/"), HasSubstr("Content-Security-Policy: default-src 'none'"));
  for (const char* path :
       {"/../../../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
        "/app.js/..", "/./app.js", "/etc/passwd", "/token", "/..\\..\\etc\\passwd"}) {
    const std::string answer = get(path);
    EXPECT_TRUE(status_of(answer) == 404 || status_of(answer) == 400) << path << ": " << answer.substr(0, 40);
    EXPECT_THAT(answer, Not(HasSubstr("root:"))) << path;
  }
}

TEST_F(DaemonPage, WhatIsTooMuchIsRefusedAndTheDaemonGoesOn) {
  ASSERT_TRUE(start_page());
  EXPECT_THAT(get("/v1/status", "X-Long: " + std::string(40'000, 'a') + "\r\n"), Not(HasSubstr("200 OK")));
  EXPECT_THAT(get("/" + std::string(40'000, 'a')), Not(HasSubstr("200 OK")));
  EXPECT_EQ(status_of(post("/v1/hold", std::string(70'000, 'a'), bearer(kToken))), 413);
  EXPECT_EQ(status_of(post("/v1/hold", std::string(60'000, '['), bearer(kToken))), 400);
  EXPECT_EQ(status_of(post("/v1/hold", "{\"service\": \"\\u0000\"}", bearer(kToken))), 400);
  (void)raw("not a request\r\n\r\n", "400");
  (void)raw(std::string(100'000, '\0'), "400");
  EXPECT_EQ(status_of(get("/v1/status")), 200);
}

TEST_F(DaemonPage, AShortTokenIsNoneAndIsToldInTheLog) {
  ASSERT_TRUE(start_page());
  write("token", "short\n");
  EXPECT_EQ(status_of(hold(bearer("short"))), 401);
  EXPECT_EQ(ask("POST", "/v1/reload")->status, 200);
  EXPECT_THAT(log(), HasSubstr("a token of the page is not taken: ana: it has 5 characters"));
  EXPECT_THAT(log(), Not(HasSubstr(kToken)));
}

} // namespace
} // namespace backstop
