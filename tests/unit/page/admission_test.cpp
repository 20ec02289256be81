#include "daemon/page/admission.hpp"
#include "daemon/page/page_files.hpp"
#include <gtest/gtest.h>

/// Who is admitted to the web page's listener, and what a browser cannot be made to do.
namespace backstop::page {
namespace {

const std::string kAna = "ana-0123456789abcdef0123", kBob = "bob-0123456789abcdef0123";

web::Request get(const std::string& path, std::map<std::string, std::string> headers = {}) {
  headers.emplace("host", "127.0.0.1:9478");
  return {"GET", path, {}, std::move(headers), "", {}};
}

web::Request post(std::map<std::string, std::string> headers = {}) {
  web::Request request = get("/v1/rollback", std::move(headers));
  request.method = "POST";
  return request;
}

/// Of files there is the page alone.
std::optional<ApiReply> foreign(const web::Request& request, const std::vector<std::string>& hosts) {
  return page::foreign(request, asks_for_file(request, {}), hosts);
}

int status_of(const std::optional<ApiReply>& refused) { return refused ? refused->status : 200; }

TEST(Foreign, NamesOfTheLoopbackInterfaceAreGood) {
  for (const char* host : {"127.0.0.1:9478", "localhost:8080", "LOCALHOST", "[::1]:9478", "[::1]", "127.0.1.1"})
    EXPECT_EQ(status_of(foreign(get("/v1/status", {{"host", host}}), {})), 200) << host;
}

TEST(Foreign, ANameThatAnybodyCanPointHereIsRefused) {
  for (const char* host : {"evil.example:9478", "127.0.0.1.evil.example", "localhost.evil.example", "127.evil.example",
                           "evil", "", "[::1].evil.example", "127.0.0.1@evil.example"}) {
    EXPECT_EQ(status_of(foreign(get("/v1/status", {{"host", host}}), {})), 403) << host;
    EXPECT_EQ(status_of(foreign(get("/", {{"host", host}}), {})), 403) << host << ", of a file too";
  }
}

TEST(Foreign, ConfiguredNamesAreGoodWithTheirPortAlone) {
  EXPECT_EQ(status_of(foreign(get("/", {{"host", "ops.example"}}), {"Ops.example"})), 200);
  EXPECT_EQ(status_of(foreign(get("/", {{"host", "ops.example:8443"}}), {"ops.example"})), 200);
  EXPECT_EQ(status_of(foreign(get("/", {{"host", "ops.example:8443"}}), {"ops.example:443"})), 403);
}

TEST(Foreign, OnASocketAnyNameWithoutAPointIsGood) {
  const auto over_socket = [](std::map<std::string, std::string> headers) {
    web::Request request{"POST", "/v1/rollback", {}, std::move(headers), "", web::Peer{}};
    return status_of(foreign(request, {"desk"}));
  };
  EXPECT_EQ(over_socket({}), 200);
  EXPECT_EQ(over_socket({{"host", "backstop"}}), 200);
  EXPECT_EQ(over_socket({{"host", "localhost:9478"}, {"origin", "http://localhost:9478"}}), 200);
  EXPECT_EQ(over_socket({{"host", "evil.example:9478"}}), 403) << "through a tunnel, by DNS rebinding";
  for (const char* host : {"evil:9478", "evil:", "backstop:80", "localhost.evil:9478", "[::2]:9478", "[::2]"})
    EXPECT_EQ(over_socket({{"host", host}}), 403) << host << ", by a browser behind a tunnel";
  for (const char* host : {"127.0.0.1:9478", "[::1]:9478", "desk:9478"})
    EXPECT_EQ(over_socket({{"host", host}}), 200) << host;
  EXPECT_EQ(over_socket({{"host", "localhost:9478"}, {"origin", "https://evil.example"}}), 403)
      << "through a tunnel, by a form of another site";
}

TEST(Foreign, AnotherSiteIsRefused) {
  EXPECT_EQ(status_of(foreign(post({{"origin", "http://127.0.0.1:9478"}}), {})), 200);
  for (const char* origin : {"https://evil.example", "http://127.0.0.1:80", "http://localhost:9478", "null",
                             "http://127.0.0.1:9478.evil.example"})
    EXPECT_EQ(status_of(foreign(post({{"origin", origin}}), {})), 403) << origin;
  EXPECT_EQ(status_of(foreign(get("/v1/status", {{"sec-fetch-site", "same-origin"}}), {})), 200);
  EXPECT_EQ(status_of(foreign(get("/v1/status", {{"sec-fetch-site", "none"}}), {})), 200);
  for (const char* site : {"cross-site", "same-site"})
    EXPECT_EQ(status_of(foreign(get("/v1/status", {{"sec-fetch-site", site}}), {})), 403) << site;
  EXPECT_EQ(status_of(foreign(get("/", {{"sec-fetch-site", "cross-site"}}), {})), 200) << "a link to the page";
  for (const char* path : {"//v1/status", "/./v1/status", "/V1/status", "/v1", "/metrics", ""})
    EXPECT_EQ(status_of(foreign(get(path, {{"sec-fetch-site", "cross-site"}}), {})), 403) << path;
}

class Admit : public ::testing::Test {
protected:
  Admit() { page_.tokens = {{"ana", {"", "", kAna}, true, {"devops"}}, {"bob", {"", "", kBob}, false, {}}}; }
  Admission admit(const web::Request& request) {
    return page::admit(request, page_, [this](const config::Secret& secret) -> Result<std::string> {
      if (!broken_.empty()) return fail(Errc::io, broken_);
      return secret.inline_value;
    });
  }
  config::Page page_;
  std::string broken_;
};

TEST_F(Admit, WithoutATokenOneSeesAndDoesNotAct) {
  const Admission seen = admit(get("/v1/status"));
  EXPECT_FALSE(seen.refused);
  EXPECT_TRUE(seen.caller.may_see);
  EXPECT_FALSE(seen.caller.may_act);
  EXPECT_TRUE(seen.caller.roles.empty());
  EXPECT_EQ(status_of(admit(post()).refused), 401);
}

TEST_F(Admit, ReadingCanWantATokenToo) {
  page_.read_by_token = true;
  EXPECT_EQ(status_of(admit(get("/v1/status")).refused), 401);
  EXPECT_EQ(status_of(admit(get("/v1/events")).refused), 401);
  EXPECT_EQ(status_of(admit(get("/v1/status", {{"authorization", "Bearer " + kBob}})).refused), 200);
}

TEST_F(Admit, ATokenSaysWhoActs) {
  const Admission ana = admit(post({{"authorization", "Bearer " + kAna}}));
  ASSERT_FALSE(ana.refused);
  EXPECT_EQ(ana.caller.name, "token:ana");
  EXPECT_TRUE(ana.caller.may_act);
  EXPECT_EQ(ana.caller.roles, std::vector<std::string>{"devops"});
  const Admission bob = admit(post({{"authorization", "Bearer " + kBob}}));
  EXPECT_EQ(bob.caller.name, "token:bob");
  EXPECT_FALSE(bob.caller.may_act);
}

TEST_F(Admit, AWrongTokenIsRefusedForReadingToo) {
  for (const std::string& value :
       {std::string("Bearer "), std::string("Bearer wrong"), "Bearer " + kAna + "x", "Bearer " + kAna.substr(1),
        "bearer " + kAna, "Basic " + kAna, kAna, "Bearer  " + kAna, "Bearer " + std::string(15'000, 'a')}) {
    const Admission wrong = admit(get("/v1/status", {{"authorization", value}}));
    EXPECT_EQ(status_of(wrong.refused), 401) << value.substr(0, 60);
    EXPECT_FALSE(wrong.caller.may_see);
    EXPECT_FALSE(wrong.caller.may_act);
  }
}

TEST_F(Admit, ATokenThatCannotBeReadOrIsShortAdmitsNobody) {
  page_.tokens = {{"short", {"", "", "0123456789012345678"}, true, {}}, {"empty", {"", "", ""}, true, {}}};
  EXPECT_EQ(status_of(admit(post({{"authorization", "Bearer 0123456789012345678"}})).refused), 401);
  EXPECT_EQ(status_of(admit(post({{"authorization", "Bearer "}})).refused), 401);
  broken_ = "no such file";
  EXPECT_EQ(status_of(admit(post({{"authorization", "Bearer " + kAna}})).refused), 401);
}

TEST_F(Admit, WhatIsWrongWithTokensIsTold) {
  page_.tokens.push_back({"eve", {"", "", kAna}, true, {}});
  page_.tokens.push_back({"tim", {"", "", "short"}, true, {}});
  const auto faults = token_faults(page_, [](const config::Secret& s) { return Result<std::string>(s.inline_value); });
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0], "eve: it is the token of ana too");
  EXPECT_EQ(faults[1], "tim: it has 5 characters; at least 20 are wanted (openssl rand -hex 32)");
  EXPECT_EQ(
      token_faults(page_, [](const config::Secret&) -> Result<std::string> { return fail(Errc::io, "no such file"); })
          .size(),
      4U);
}

} // namespace
} // namespace backstop::page
