#include "collectors/request_probe.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

/// What an attempt at a service is taken for: which answers are good ones, which failures count, and which samples come.
namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using Samples = std::map<std::string, double>;

/// A fetcher whose next answer the test gives.
class OneAnswer final : public HttpFetcher {
public:
  Id start(HttpRequest request, Done done) override {
    asked = std::move(request);
    if (next) done(*next);
    return 1;
  }
  void cancel(Id) override { cancelled = true; }
  std::optional<Result<HttpResponse>> next;
  HttpRequest asked;
  bool cancelled = false;
};

HttpExpectation expecting(std::vector<StatusRange> status, const std::string& body = "") {
  auto made = HttpExpectation::make(std::move(status), body);
  EXPECT_TRUE(made) << made.error().what;
  return made ? *made : HttpExpectation{};
}

HttpResponse answer(int status, std::string body = "") {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.took = 20ms;
  return response;
}

class RequestProbeTest : public testing::Test {
protected:
  /// The samples of one read; none: the read failed.
  std::optional<Samples> read(Result<HttpResponse> response) {
    fetcher_.next = std::move(response);
    std::optional<Samples> samples;
    probe_.start([&](Result<ProbeAnswer> got) {
      if (!got) {
        failed_ = got.error().what;
        return;
      }
      const auto& answered = std::get<SamplesAnswer>(*got);
      note_ = answered.note;
      samples.emplace();
      for (const RawSample& s : answered.samples) (*samples)[s.name] = s.value;
    });
    return samples;
  }
  OneAnswer fetcher_;
  RequestProbe probe_{fetcher_, HttpRequest{}, expecting({{200, 299}}, "ready")};
  std::string note_, failed_;
};

TEST_F(RequestProbeTest, AnExpectedAnswerIsASuccess) {
  EXPECT_EQ(*read(answer(200, "all ready\n")), (Samples{{"probe_success", 1},
                                                        {"probe_attempts_total", 1},
                                                        {"probe_failures_total", 0},
                                                        {"probe_duration_seconds", 0.02},
                                                        {"probe_http_status_code", 200}}));
  EXPECT_THAT(note_, IsEmpty());
}

TEST_F(RequestProbeTest, AnUnexpectedStatusOrBodyIsAFailureOfTheServiceAndAGoodRead) {
  EXPECT_EQ(*read(answer(503)), (Samples{{"probe_success", 0},
                                         {"probe_attempts_total", 1},
                                         {"probe_failures_total", 1},
                                         {"probe_duration_seconds", 0.02},
                                         {"probe_http_status_code", 503}}));
  EXPECT_EQ(note_, "answered status 503, 2xx wanted");
  EXPECT_EQ(read(answer(200, "secret of the page"))->at("probe_failures_total"), 2);
  EXPECT_EQ(note_, "answered status 200, but nothing in the body matches \"ready\"");
}

TEST_F(RequestProbeTest, RefusingAndNotAnsweringAreFailuresOfTheService) {
  EXPECT_EQ(*read(fail(Errc::io, "GET x: connection refused")),
            (Samples{{"probe_success", 0}, {"probe_attempts_total", 1}, {"probe_failures_total", 1}}))
      << "nobody knows how long an answer would have taken";
  EXPECT_EQ(note_, "GET x: connection refused");
  EXPECT_EQ(read(fail(Errc::timeout, "GET x: no answer within 3 s"))->at("probe_failures_total"), 2);
  EXPECT_EQ(read(answer(200, "ready"))->at("probe_attempts_total"), 3);
}

TEST_F(RequestProbeTest, WhatTellsNothingOfTheServiceFailsTheReadAndIsNotCounted) {
  for (const Errc ours : {Errc::not_found, Errc::busy, Errc::invalid, Errc::too_large}) {
    EXPECT_FALSE(read(fail(ours, "for a reason"))) << name_of(ours);
    EXPECT_EQ(failed_, "for a reason");
  }
  EXPECT_EQ(read(answer(200, "ready"))->at("probe_attempts_total"), 1);
}

TEST_F(RequestProbeTest, ACertificateShowsHowLongItLasts) {
  HttpResponse response = answer(200, "ready");
  response.certificate_left = 48h;
  EXPECT_EQ(read(response)->at("probe_tls_expiry_seconds"), 48 * 3600);
  response.certificate_left = -1s;
  EXPECT_EQ(read(response)->at("probe_tls_expiry_seconds"), -1);
}

TEST_F(RequestProbeTest, EachAttemptConnectsAnewAndReadsABoundedBody) {
  read(answer(200));
  EXPECT_TRUE(fetcher_.asked.own_connection);
  EXPECT_EQ(fetcher_.asked.max_bytes, RequestProbe::kMostBody);
}

TEST(RequestProbe, GivesItsRequestUpWhenItGoes) {
  OneAnswer fetcher;
  {
    RequestProbe probe(fetcher, HttpRequest{}, expecting({{200, 299}}));
    probe.start([](const Result<ProbeAnswer>&) { ADD_FAILURE() << "nobody is there any more"; });
  }
  EXPECT_TRUE(fetcher.cancelled);
}

TEST(HttpExpectation, TakesListsOfStatuses) {
  const HttpExpectation expectation = expecting({{200, 200}, {404, 404}, {500, 599}});
  EXPECT_THAT(expectation.fault_in(answer(404)), IsEmpty());
  EXPECT_THAT(expectation.fault_in(answer(500)), IsEmpty());
  EXPECT_THAT(expectation.fault_in(answer(599)), IsEmpty());
  EXPECT_EQ(expectation.fault_in(answer(201)), "answered status 201, 200 or 404 or 5xx wanted");
}

TEST(HttpExpectation, SearchesTheBody) {
  EXPECT_THAT(expecting({{200, 299}}, "\\Q\"ok\":true").fault_in(answer(200, R"({"a":1,"ok":true})")), IsEmpty());
  EXPECT_THAT(expecting({{200, 299}}, "^ok$").fault_in(answer(200, "not ok")), HasSubstr("nothing in the body"));
  EXPECT_THAT(expecting({{200, 299}}, "b").fault_in(answer(200, std::string("a\0\xFF\n b", 6))), IsEmpty());
  const auto wrong = HttpExpectation::make({}, "(");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().what, HasSubstr("\"(\" is not a regular expression"));
}

} // namespace
} // namespace backstop
