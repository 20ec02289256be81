#include "collectors/promql_past.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

/// What reads of an engine come to: which time is asked for, how increases become counters, and what an outage costs.
namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

/// Keeps what is asked until the test answers it.
class Asked final : public HttpFetcher {
public:
  Id start(HttpRequest request, Done done) override {
    requests[++last] = {std::move(request), std::move(done)};
    return last;
  }
  void cancel(Id id) override { requests.erase(id); }
  /// Answers the oldest.
  void answer(Result<HttpResponse> response) {
    ASSERT_FALSE(requests.empty());
    auto oldest = requests.extract(requests.begin());
    oldest.mapped().second(std::move(response));
  }
  void answer(const std::string& series, int status = 200) {
    HttpResponse response;
    response.status = status;
    response.body = R"({"status":"success","data":{"resultType":"vector","result":[)" + series + "]}}";
    answer(std::move(response));
  }
  [[nodiscard]] std::string body(std::size_t place = 0) const {
    return std::next(requests.begin(), static_cast<long>(place))->second.first.body;
  }

  std::map<Id, std::pair<HttpRequest, Done>> requests;
  Id last = 0;
};

std::string series(const std::string& labels, const std::string& value) {
  return R"({"metric":{)" + labels + R"(},"value":[1,")" + value + R"("]})";
}

PromqlAsking asking() {
  PromqlAsking asking;
  asking.engine.url = "http://engine:9090/prom/";
  asking.queries = {{"errors", "errors", "sum(increase(e[$window]))", true}, {"cpu", "cpu", "cpu", false}};
  asking.interval = 15s;
  asking.query_offset = 30s;
  return asking;
}

class PromqlProbeTest : public testing::Test {
protected:
  void read() {
    got_.reset();
    probe_.start([this](Result<ProbeAnswer> answer) { got_ = std::move(answer); });
  }
  /// "name{labels}" and value.
  std::map<std::string, double> samples() {
    std::map<std::string, double> all;
    if (!got_ || !*got_) return all;
    for (const RawSample& s : std::get<SamplesAnswer>(**got_).samples)
      all[s.name + (s.labels.empty() ? "" : "{" + s.labels[0].second + "}")] = s.value;
    return all;
  }
  Asked engine_;
  Time wall_ = time_from_us(1'700'000'000'123'456);
  PromqlProbe probe_{engine_, asking(), [this] { return wall_; }};
  std::optional<Result<ProbeAnswer>> got_;
};

TEST_F(PromqlProbeTest, AllQueriesAreAskedAsOfOneTimeTheOffsetAgo) {
  read();
  ASSERT_EQ(engine_.requests.size(), 2U);
  const HttpRequest& request = engine_.requests.begin()->second.first;
  EXPECT_EQ(request.url, "http://engine:9090/prom/api/v1/query");
  EXPECT_EQ(request.method, "POST");
  EXPECT_THAT(engine_.body(0), HasSubstr("query=sum%28increase%28e%5B15s%5D%29%29&time=1699999970.123&"));
  EXPECT_THAT(engine_.body(0), HasSubstr("partial_response=false"));
  EXPECT_THAT(engine_.body(1), HasSubstr("query=cpu&time=1699999970.123"));
  EXPECT_FALSE(got_) << "answered before the engine";
}

TEST_F(PromqlProbeTest, IncreasesAddUpToACounterAndOtherValuesAreTakenAsTheyAre) {
  read();
  engine_.answer(series("", "2.5"));
  EXPECT_FALSE(got_);
  engine_.answer(series("", "7"));
  EXPECT_EQ(samples(), (std::map<std::string, double>{{"errors", 2.5}, {"cpu", 7}}));
  wall_ += 15s;
  read();
  engine_.answer(series("", "4"));
  engine_.answer(series("", "6"));
  EXPECT_EQ(samples(), (std::map<std::string, double>{{"errors", 6.5}, {"cpu", 6}}));
}

TEST_F(PromqlProbeTest, AFailedReadIsMadeUpForByALongerWindow) {
  read();
  engine_.answer(series("", "1"));
  engine_.answer(series("", "1"));
  wall_ += 15s;
  read();
  engine_.answer(series("", "1"));
  engine_.answer(fail(Errc::timeout, "no answer within 5s"));
  ASSERT_TRUE(got_);
  EXPECT_THAT((*got_).error().what, HasSubstr("no answer within 5s"));
  wall_ += 16s;
  read();
  EXPECT_THAT(engine_.body(), HasSubstr("%5B31s%5D")) << "since the answer before the failure";
  engine_.answer(series("", "3"));
  engine_.answer(series("", "1"));
  EXPECT_EQ(samples().at("errors"), 4) << "what the failed read had got counts once";
}

TEST_F(PromqlProbeTest, AWindowTooShortToCountInGrowsUntilItIsNot) {
  for (const char* window : {"%5B15s%5D", "%5B30s%5D", "%5B45s%5D", "%5B15s%5D"}) {
    read();
    EXPECT_THAT(engine_.body(), HasSubstr(window));
    engine_.answer(std::string(window) == "%5B45s%5D" ? series("", "3") : "");
    engine_.answer(series("", "1"));
    wall_ += 15s;
  }
}

TEST_F(PromqlProbeTest, WithoutAQueryThatIsUsedThereIsNothingToWaitFor) {
  PromqlAsking nothing = asking();
  nothing.queries.clear();
  PromqlProbe probe(engine_, nothing, [this] { return wall_; });
  probe.start([this](Result<ProbeAnswer> answer) { got_ = std::move(answer); });
  ASSERT_TRUE(got_ && *got_);
  EXPECT_TRUE(samples().empty());
}

TEST_F(PromqlProbeTest, OneQueryThatFailsGivesTheOthersUp) {
  read();
  HttpResponse refused;
  refused.status = 400;
  refused.body = R"({"status":"error","errorType":"bad_data","error":"parse error"})";
  engine_.answer(std::move(refused));
  ASSERT_TRUE(got_);
  EXPECT_EQ(got_->error().what, "query errors: the engine says bad_data: parse error");
  EXPECT_TRUE(engine_.requests.empty());
  read();
  HttpResponse page;
  page.status = 502;
  page.body = "<html>Bad Gateway</html>";
  engine_.answer(std::move(page));
  EXPECT_EQ(got_->error().what, "answered status 502, 200 wanted");
}

TEST_F(PromqlProbeTest, EachSeriesHasACountOfItsOwnThatItKeepsWhileItIsAway) {
  for (const std::string& answer : {series(R"("code":"500")", "2") + "," + series(R"("code":"503")", "1"),
                                    series(R"("code":"503")", "1"), series(R"("code":"500")", "5")}) {
    read();
    engine_.answer(answer);
    engine_.answer("");
    wall_ += 15s;
  }
  EXPECT_EQ(samples(), (std::map<std::string, double>{{"errors{500}", 7}}));
}

TEST_F(PromqlProbeTest, AClockSetBackAsksForOneInterval) {
  read();
  engine_.answer("");
  engine_.answer("");
  wall_ -= 1h;
  read();
  EXPECT_THAT(engine_.body(), HasSubstr("%5B15s%5D"));
  engine_.answer("");
  engine_.answer("");
  wall_ += 5h;
  read();
  EXPECT_THAT(engine_.body(), HasSubstr("%5B3600s%5D")) << "no longer than an hour";
}

TEST(PromqlPastTest, TheReadsThatWouldHaveBeenInJudgeTime) {
  Asked engine;
  const PromqlAsking how = asking();
  PromqlPast past(
      engine, how,
      {{*Selector::parse("errors"), SeriesKind::counter, false}, {*Selector::parse("cpu"), SeriesKind::gauge, false}},
      3);
  std::optional<Result<std::vector<Scrape>>> got;
  past.start({time_from_us(1'000'000'000), time_from_us(1'060'000'000), 30s, 5s},
             [&](Result<std::vector<Scrape>> scrapes) { got = std::move(scrapes); });
  EXPECT_THAT(engine.body(),
              HasSubstr("query=sum%28increase%28e%5B30s%5D%29%29&start=1000.000&end=1060.000&step=30.000"));
  const auto matrix = [&](const std::string& points) {
    HttpResponse response;
    response.status = 200;
    response.body =
        R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[)" + points + "]}]}}";
    engine.answer(std::move(response));
  };
  matrix(R"([1000,"2"],[1060,"3"])");
  matrix(R"([1060,"50"])");
  ASSERT_TRUE(got && *got);
  const std::vector<Scrape>& scrapes = **got;
  ASSERT_EQ(scrapes.size(), 2U) << "where nothing was there, nothing is read";
  EXPECT_EQ(scrapes[0].source, 3U);
  EXPECT_EQ(scrapes[0].t, time_from_us(1'005'000'000));
  EXPECT_EQ(scrapes[1].t, time_from_us(1'065'000'000));
  const auto values = [](const Scrape& scrape) {
    std::vector<double> all;
    for (const Sample& s : scrape.samples) all.push_back(s.value);
    return all;
  };
  EXPECT_THAT(values(scrapes[0]), ElementsAre(2));
  EXPECT_THAT(values(scrapes[1]), ElementsAre(5, 50));
}

TEST(PromqlPastTest, PointsThatWereNotAskedForAreRefused) {
  Asked engine;
  PromqlAsking how = asking();
  how.queries.pop_back();
  PromqlPast past(engine, how, {{*Selector::parse("errors"), SeriesKind::counter, false}}, 0);
  std::optional<Result<std::vector<Scrape>>> got;
  past.start({time_from_us(1'000'000'000), time_from_us(1'060'000'000), 30s, 0s},
             [&](Result<std::vector<Scrape>> scrapes) { got = std::move(scrapes); });
  HttpResponse response;
  response.status = 200;
  response.body = R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[5,"2"]]}]}})";
  engine.answer(std::move(response));
  ASSERT_TRUE(got);
  ASSERT_FALSE(*got);
  EXPECT_THAT(got->error().what, HasSubstr("query errors: a point at a time that was not asked for"));
}

} // namespace
} // namespace backstop
