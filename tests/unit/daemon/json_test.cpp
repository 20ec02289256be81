#include "daemon/json.hpp"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace backstop {
namespace {

using namespace std::string_literals;

std::string parse_error(std::string_view text, int max_depth = 32) {
  const auto json = Json::parse(text, max_depth);
  return json ? "parsed as " + json->dump() : json.error().what;
}

TEST(Json, KeepsTheOrderOfMembers) {
  const auto json = Json::parse(R"({"z":1,"a":{"y":[],"b":null},"m":[1,2.5,"x",true,false]})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->dump(), R"({"z":1,"a":{"y":[],"b":null},"m":[1,2.5,"x",true,false]})");
}

TEST(Json, DumpIndentsForPeople) {
  const Json json =
      Json::object().set("a", Json::array().push(1).push("x")).set("b", Json::object()).set("c", Json::array());
  EXPECT_EQ(json.dump(2), "{\n  \"a\": [\n    1,\n    \"x\"\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

TEST(Json, IntegersStayIntegersAndDoublesStayDoubles) {
  EXPECT_EQ(Json(std::numeric_limits<std::int64_t>::max()).dump(), "9223372036854775807");
  EXPECT_EQ(Json(std::numeric_limits<std::int64_t>::min()).dump(), "-9223372036854775808");
  EXPECT_EQ(Json(1.0).dump(), "1.0");
  EXPECT_EQ(Json(-0.0).dump(), "-0.0");
  for (const double d : {0.0, 1.0, 0.1, 1e22, 1e-7, 1e300, 5e-324, 123456.75, 12345678901234567168.0}) {
    const auto back = Json::parse(Json(d).dump());
    ASSERT_TRUE(back) << d;
    EXPECT_EQ(*back, Json(d)) << d;
  }
}

TEST(Json, WritesTheShortestDoubleThatReadsBack) {
  EXPECT_EQ(Json(0.1).dump(), "0.1");
  EXPECT_EQ(Json(0.1 + 0.2).dump(), "0.30000000000000004");
  EXPECT_EQ(Json(1e22).dump(), "1e+22");
}

TEST(Json, IntegersOutsideInt64BecomeDoubles) {
  const auto parsed = Json::parse("[9223372036854775807,9223372036854775808,-9223372036854775809]");
  ASSERT_TRUE(parsed);
  EXPECT_TRUE((*parsed->as_array())[0].as_int());
  EXPECT_EQ((*parsed->as_array())[1], Json(9223372036854775808.0));
  EXPECT_EQ((*parsed->as_array())[2], Json(-9223372036854775808.0));
  EXPECT_EQ(Json(std::uint64_t{1} << 63U), Json(9223372036854775808.0));
}

TEST(Json, WritesWhatIsNoNumberAsNull) {
  EXPECT_EQ(Json(std::nan("")).dump(), "null");
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).dump(), "null");
}

TEST(Json, EscapesControlCharacters) {
  const std::string text = "\"\\\b\f\n\r\t\x01\x7f\0/é€😀"s;
  EXPECT_EQ(Json(text).dump(), "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\\u0000/é€😀\"");
  const auto back = Json::parse(Json(text).dump());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back->as_string(), text);
}

TEST(Json, ReplacesInvalidUtf8) {
  EXPECT_EQ(Json("a\xff"
                 "b")
                .dump(),
            "\"a\xEF\xBF\xBD"
            "b\"");
  for (const char* bad : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xE2\x82", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80"}) {
    const std::string once = Json(bad).dump();
    const auto back = Json::parse(once);
    ASSERT_TRUE(back) << once;
    EXPECT_EQ(back->dump(), once) << "the text is stable once it is replaced";
    EXPECT_NE(once.find("\xEF\xBF\xBD"), once.npos);
  }
}

TEST(Json, RefusesAKeyThatComesTwice) {
  EXPECT_EQ(parse_error(R"({"a":1,"b":2,"a":3})"), R"(at byte 16: the key "a" comes twice in this object)");
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  EXPECT_TRUE(Json::parse(many + "\"k100\":1}"));
  for (const char* twice : {"k0", "k50", "k99"})
    EXPECT_NE(parse_error(many + "\"" + twice + "\":1}").find("comes twice"), std::string::npos) << twice;
  EXPECT_TRUE(Json::parse(R"({"a":{"a":1},"b":{"a":1}})")) << "the same key in another object is another key";
}

TEST(Json, RefusesWhatIsNestedTooDeep) {
  EXPECT_TRUE(Json::parse("[[[1]]]", 3));
  EXPECT_EQ(parse_error("[[[[1]]]]", 3), "at byte 4: nested deeper than 3 levels");
  EXPECT_EQ(Json::parse("[[1]]", 1).error().code, Errc::too_large);
  EXPECT_FALSE(Json::parse(std::string(1000000, '[')));
}

TEST(Json, SaysWhereAndWhyInPlainWords) {
  const auto starts = [](std::string_view text, std::string_view with) {
    const std::string why = parse_error(text);
    EXPECT_EQ(why.substr(0, with.size()), with) << "the whole: " << why;
    EXPECT_EQ(why.find("json.exception"), why.npos);
    EXPECT_EQ(why.find("last read"), why.npos);
  };
  starts("", "at byte 1: unexpected end of input; expected a value");
  starts("{\"a\":", "at byte 6: unexpected end of input");
  starts("[1,]", "at byte 4: unexpected ']'");
  starts("{a:1}", "at byte 2: invalid literal");
  starts("[1] x", "at byte 5: invalid literal");
  starts("\"\xff\"", "at byte 2: invalid string: ill-formed UTF-8 byte");
  starts("[1e999]", "at byte 6: a number is too large");
  starts("[NaN]", "at byte 2: invalid literal");
  EXPECT_LT(parse_error("[" + std::string(100000, '7') + "]").size(), 200U) << "nor a long number";
  EXPECT_LT(parse_error("\"" + std::string(100000, 'x')).size(), 200U) << "a long text is not given back";
}

TEST(Json, TolerantAccessGivesNullForWhatIsMissing) {
  const auto json = Json::parse(R"({"s":"x","i":7,"d":2.5,"whole":3.0,"b":true,"huge":1e300})");
  ASSERT_TRUE(json);
  EXPECT_TRUE((*json)["nothing"]["at"]["all"].is_null());
  EXPECT_EQ(json->text("s"), "x");
  EXPECT_EQ(json->text("i"), "");
  EXPECT_EQ(json->integer("i"), 7);
  EXPECT_EQ(json->integer("whole"), 3);
  EXPECT_EQ(json->integer("d", -1), -1) << "no silent rounding";
  EXPECT_EQ(json->integer("huge", -1), -1);
  EXPECT_EQ(json->number("i"), 7.0);
  EXPECT_EQ(json->number("s", 4), 4.0);
  EXPECT_TRUE(json->flag("b"));
  EXPECT_FALSE(json->flag("i"));
}

TEST(Json, SetReplacesInPlace) {
  Json json;
  json.set("a", 1).set("b", 2).set("a", 3);
  EXPECT_EQ(json.dump(), R"({"a":3,"b":2})");
}

} // namespace
} // namespace backstop
