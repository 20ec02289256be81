#include "daemon/page/page_files.hpp"
#include <algorithm>
#include <gtest/gtest.h>

/// The files of the web page, and what each answer forbids a browser.
namespace backstop::page {
namespace {

const std::vector<Asset> kAssets{{"/", "text/html; charset=utf-8", "packed page", "\"abc\""},
                                 {"/app.js", "text/javascript; charset=utf-8", "packed script", "\"def\""}};

web::Request get(const std::string& path, std::map<std::string, std::string> headers = {}) {
  headers.emplace("accept-encoding", "gzip, br");
  return {"GET", path, {}, std::move(headers), "", {}};
}

std::string header(const web::Response& response, const std::string& name) {
  const auto found = std::find_if(response.headers.begin(), response.headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == response.headers.end() ? "" : found->second;
}

TEST(PageFiles, AFileIsSentCompressed) {
  const auto page = file_for(get("/"), kAssets);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->body, "packed page");
  EXPECT_EQ(page->content_type, "text/html; charset=utf-8");
  EXPECT_EQ(header(*page, "Content-Encoding"), "gzip");
  EXPECT_EQ(file_for(get("/app.js"), kAssets)->body, "packed script");
  EXPECT_EQ(file_for(get("/", {{"accept-encoding", "identity"}}), kAssets)->status, 406);
}

TEST(PageFiles, WhatABrowserHasIsNotSentAgain) {
  const auto same = file_for(get("/app.js", {{"if-none-match", "\"def\""}}), kAssets);
  EXPECT_EQ(same->status, 304);
  EXPECT_EQ(same->body, "");
  EXPECT_EQ(file_for(get("/app.js", {{"if-none-match", "\"abc\""}}), kAssets)->status, 200);
}

TEST(PageFiles, NothingElseIsAFile) {
  for (const char* path : {"/../etc/passwd", "/app.js/", "//app.js", "/./app.js", "/etc/passwd", "/v1x",
                           "/%2e%2e/etc/passwd", "/APP.JS", "/index.html"})
    EXPECT_EQ(file_for(get(path), kAssets)->status, 404) << path;
  EXPECT_EQ(file_for(get(std::string("/app.js\0", 8)), kAssets)->status, 404);
}

TEST(PageFiles, TheApiIsNoFileAndAFileTakesNoPost) {
  EXPECT_FALSE(file_for(get("/v1/status"), kAssets));
  EXPECT_FALSE(file_for(get("/v1"), kAssets));
  web::Request request = get("/");
  request.method = "POST";
  EXPECT_EQ(file_for(request, kAssets)->status, 405);
}

TEST(PageFiles, BesideThePageAnApiHasAnswersOfItsOwn) {
  EXPECT_TRUE(asks_for_file(get("/"), kAssets));
  EXPECT_TRUE(asks_for_file(get("/"), {})) << "to be told that there is none";
  EXPECT_TRUE(asks_for_file(get("/app.js"), kAssets));
  EXPECT_FALSE(asks_for_file(get("/nowhere"), kAssets));
  web::Request request = get("/");
  request.method = "DELETE";
  EXPECT_FALSE(asks_for_file(request, kAssets));
}

TEST(PageFiles, WithoutThePageItSaysSo) {
  const auto none = file_for(get("/"), {});
  EXPECT_EQ(none->status, 404);
  EXPECT_NE(none->body.find("without its web page"), std::string::npos);
}

TEST(PageFiles, EveryAnswerForbidsWhatThePageDoesNotNeed) {
  for (const auto& response : {*file_for(get("/"), kAssets), *file_for(get("/nothing"), kAssets),
                               *file_for(get("/app.js", {{"if-none-match", "\"def\""}}), kAssets), secured({})}) {
    const std::string policy = header(response, "Content-Security-Policy");
    EXPECT_EQ(policy.find("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"), 0U);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "");
  }
}

} // namespace
} // namespace backstop::page
