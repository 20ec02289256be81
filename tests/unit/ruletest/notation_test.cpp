#include "daemon/ruletest/notation.hpp"
#include <charconv>
#include <gtest/gtest.h>

namespace backstop::ruletest::test {
namespace {

/// The slots as words: values, "_" absent, "!" failed; "." at the end where the series is gone. Or the fault.
std::string read(std::string_view text) {
  Values values;
  NotationFault fault;
  if (!read_values(text, values, fault))
    return std::to_string(fault.offset) + ": " + fault.what + " (" + fault.how + ")";
  std::string out;
  for (const Slot& slot : values.slots) {
    if (!out.empty()) out += " ";
    char buffer[32];
    if (slot.kind == Slot::Kind::value)
      out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, slot.value).ptr);
    else
      out += slot.kind == Slot::Kind::absent ? "_" : "!";
  }
  return out + (values.gone ? " ." : "");
}

const std::string kForms = " (write a value (5), a+bxN (0+20x40), axN (5x40), +bxN, _xN, stale or failxN)";

TEST(Notation, ExpandsAsPromtoolDoes) {
  EXPECT_EQ(read("5 0.2 -3 1e3"), "5 0.2 -3 1000");
  EXPECT_EQ(read("1+2x3"), "1 3 5 7");
  EXPECT_EQ(read("10-2.5x2"), "10 7.5 5");
  EXPECT_EQ(read("-1-1x2"), "-1 -2 -3");
  EXPECT_EQ(read("0.2x5 _x3 stale"), "0.2 0.2 0.2 0.2 0.2 0.2 _ _ _ _ .");
  EXPECT_EQ(read("1x0"), "1");
  EXPECT_EQ(read("1 _ 2"), "1 _ 2");
  EXPECT_EQ(read("NaN Inf -Inf"), "nan inf -inf");
}

TEST(Notation, GoesOnFromTheLastValue) {
  EXPECT_EQ(read("0+2x2 +10x2"), "0 2 4 14 24");
  EXPECT_EQ(read("5 _x2 fail +1x2"), "5 _ _ ! 6 7");
}

TEST(Notation, FailedAndVanishedAreNotTheSame) {
  EXPECT_EQ(read("1 failx2 fail"), "1 ! ! !");
  EXPECT_EQ(read("1 stale 2"), "1 _ 2") << "it came back";
  EXPECT_EQ(read("1 stale"), "1 _ .");
  EXPECT_EQ(read("1 _"), "1 _") << "one scrape alone";
}

TEST(Notation, SaysWhichWordIsWrong) {
  EXPECT_EQ(read("1 2 three"), "4: \"three\": it is not understood" + kForms);
  EXPECT_EQ(read("0+20y40"), "0: \"0+20y40\": how often is missing" + kForms);
  EXPECT_EQ(read("  1  0+x3"), "5: \"0+x3\": it is not understood" + kForms);
  EXPECT_EQ(read("1x-3"), "0: \"1x-3\": it is not understood" + kForms);
  EXPECT_EQ(read("_y3"), "0: \"_y3\": it is not understood" + kForms);
  EXPECT_EQ(read("1 +5"),
            "2: \"+5\": it is not understood (write +bxN to go on from the value before it, or the value alone)");
  EXPECT_EQ(read("_ +5x2"),
            "2: \"+5x2\": there is no value before it to go on from (begin with a value, as in 0+20x40)");
  EXPECT_EQ(read("  "), "0: there is no value in it" + kForms);
}

TEST(Notation, IsBounded) {
  const std::string why = "more than 200000 values (make the test shorter, or its interval longer)";
  EXPECT_EQ(read("1 0+1x200000"), "2: \"0+1x200000\": " + why);
  EXPECT_EQ(read("_x18446744073709551615"), "0: \"_x18446744073709551615\": " + why);
  EXPECT_EQ(read("_x99999999999999999999"), "0: \"_x99999999999999999999\": it is not understood" + kForms);
}

} // namespace
} // namespace backstop::ruletest::test
