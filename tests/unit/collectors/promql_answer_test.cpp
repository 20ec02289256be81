#include "collectors/promql_answer.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What of an engine's answer is data, and what is said where it is none.
namespace backstop {
namespace {

using testing::HasSubstr;

std::string vector_of(const std::string& result, const std::string& more = "") {
  return R"({"status":"success",)" + more + R"("data":{"resultType":"vector","result":[)" + result + "]}}";
}

/// Why `body` is no data, with its code; the test fails where it is.
Error refusal(const std::string& body, const PromqlLimits& limits = {}) {
  const auto answer = read_promql_answer(body, limits);
  EXPECT_FALSE(answer) << body;
  return answer ? Error{} : answer.error();
}

TEST(PromqlAnswer, AVectorGivesItsSeriesWithoutTheirNameAndSortedLabels) {
  const auto answer = read_promql_answer(vector_of(
      R"({"metric":{"__name__":"x","b":"2","a":"1"},"value":[1700000000.5,"4.5e1"]},{"metric":{},"value":[3,"-1"]})"));
  ASSERT_TRUE(answer) << answer.error().what;
  ASSERT_EQ(answer->series.size(), 2U);
  const PromqlSeries& first = answer->series[0];
  EXPECT_EQ(first.labels, (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(first.points.at(0).t, 1700000000.5);
  EXPECT_EQ(first.points.at(0).value, 45);
  EXPECT_EQ(answer->series[1].points.at(0).value, -1);
  EXPECT_EQ(answer->notes, "");
}

TEST(PromqlAnswer, AMatrixGivesPointsInOrderAndAScalarIsASeriesWithoutLabels) {
  const auto matrix = read_promql_answer(
      R"({"data":{"result":[{"values":[[1,"10"],[2.5,"11"]],"metric":{"le":"+Inf"}}],"resultType":"matrix"},"status":"success"})");
  ASSERT_TRUE(matrix) << matrix.error().what;
  ASSERT_EQ(matrix->series.at(0).points.size(), 2U);
  EXPECT_EQ(matrix->series[0].points[1].t, 2.5);
  EXPECT_EQ(matrix->series[0].points[1].value, 11);
  const auto scalar = read_promql_answer(R"({"status":"success","data":{"resultType":"scalar","result":[7,"0.25"]}})");
  ASSERT_TRUE(scalar) << scalar.error().what;
  EXPECT_EQ(scalar->series.at(0).points.at(0).value, 0.25);
}

TEST(PromqlAnswer, ALabelWithoutAValueIsNone) {
  const auto answer = read_promql_answer(vector_of(R"({"metric":{"a":"","b":"1"},"value":[1,"2"]})"));
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->series.at(0).labels, (std::vector<std::pair<std::string, std::string>>{{"b", "1"}}));
  EXPECT_THAT(refusal(vector_of(R"({"metric":{},"value":[1,"1"]},{"metric":{"a":""},"value":[1,"2"]})")).what,
              HasSubstr("two series"));
}

TEST(PromqlAnswer, WhatIsNotFiniteIsLeftOut) {
  const auto answer = read_promql_answer(
      vector_of(R"({"metric":{"a":"1"},"value":[1,"NaN"]},{"metric":{"a":"2"},"value":[1,"+Inf"]})"));
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_TRUE(answer->series.empty());
  EXPECT_TRUE(read_promql_answer(vector_of(""))->series.empty());
}

TEST(PromqlAnswer, APartOfTheDataIsNoData) {
  const std::string one = R"({"metric":{},"value":[1,"1"]})";
  Error partial = refusal(vector_of(one, R"("isPartial":true,)"));
  EXPECT_EQ(partial.code, Errc::io);
  EXPECT_THAT(partial.what, HasSubstr("partial"));
  partial = refusal(vector_of(one, R"("warnings":["receive series from store-3: connection refused"],)"));
  EXPECT_EQ(partial.code, Errc::io);
  EXPECT_THAT(partial.what, HasSubstr("partial answer: receive series from store-3: connection refused"));
}

TEST(PromqlAnswer, RemarksAboutTheQueryArePassedOn) {
  const auto answer = read_promql_answer(vector_of(
      R"({"metric":{},"value":[1,"1"]})",
      R"("warnings":["PromQL warning: bucket label \"le\" is missing"],"infos":["PromQL info: metric might not be a counter"],)"));
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->notes,
            "PromQL warning: bucket label \"le\" is missing; PromQL info: metric might not be a counter");
}

TEST(PromqlAnswer, WhatTheEngineSaysAgainstTheQueryIsTold) {
  const Error said =
      refusal(R"({"status":"error","errorType":"bad_data","error":"1:5: parse error: unexpected\nend of input"})");
  EXPECT_EQ(said.code, Errc::io);
  EXPECT_EQ(said.what, "the engine says bad_data: 1:5: parse error: unexpected end of input");
}

TEST(PromqlAnswer, AnythingElseIsRefusedWithItsReason) {
  EXPECT_THAT(refusal("").what, HasSubstr("JSON"));
  EXPECT_THAT(refusal("<html>").what, HasSubstr("no JSON"));
  EXPECT_THAT(refusal(R"({"status":"success"})").what, HasSubstr("resultType"));
  EXPECT_THAT(refusal("[1]").what, HasSubstr("no answer of a PromQL engine"));
  EXPECT_THAT(refusal("3").what, HasSubstr("no answer of a PromQL engine"));
  EXPECT_THAT(refusal(R"({"status":"success","data":{"resultType":"string","result":[1,"x"]}})").what,
              HasSubstr("gives a string, numbers are wanted"));
  EXPECT_THAT(refusal(R"({"status":"success","data":{"resultType":"scalar","result":[1,"x"]}})").what,
              HasSubstr("no number"));
  EXPECT_THAT(refusal(vector_of(R"({"metric":{},"value":[1]})")).what, HasSubstr("no [time, \"value\"]"));
  EXPECT_THAT(refusal(vector_of(R"({"metric":{},"value":["1",1]})")).what, HasSubstr("no [time, \"value\"]"));
  EXPECT_THAT(refusal(vector_of(R"({"metric":{},"value":[1,"one"]})")).what, HasSubstr("\"one\""));
  EXPECT_THAT(refusal(vector_of(R"({"metric":{},"histogram":[1,{}]})")).what, HasSubstr("classic buckets"));
  EXPECT_THAT(refusal(vector_of(R"({"metric":{"a b":"1"},"value":[1,"1"]})")).what, HasSubstr("\"a b\""));
  EXPECT_THAT(
      refusal(vector_of(R"({"metric":{"__name__":"x"},"value":[1,"1"]},{"metric":{"__name__":"y"},"value":[1,"1"]})"))
          .what,
      HasSubstr("differ in their metric name alone"));
  EXPECT_THAT(
      refusal(R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[[2,"1"],[1,"1"]]}]}})").what,
      HasSubstr("out of order"));
  EXPECT_EQ(refusal(std::string(100'000, '[')).code, Errc::too_large);
}

TEST(PromqlAnswer, ItIsBounded) {
  std::string many;
  for (int i = 0; i < 5; ++i)
    many += std::string(i == 0 ? "" : ",") + R"({"metric":{"i":")" + std::to_string(i) + R"("},"value":[1,"1"]})";
  EXPECT_TRUE(read_promql_answer(vector_of(many), {5, 5}));
  const Error series = refusal(vector_of(many), {4, 5});
  EXPECT_EQ(series.code, Errc::too_large);
  EXPECT_THAT(series.what, HasSubstr("more than 4 series: aggregate them in the query"));
  EXPECT_EQ(refusal(vector_of(many), {5, 4}).code, Errc::too_large);
}

} // namespace
} // namespace backstop
