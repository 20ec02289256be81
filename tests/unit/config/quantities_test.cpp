#include "daemon/config/quantities.hpp"
#include <gtest/gtest.h>

namespace backstop::config {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::optional<Duration> duration(std::string_view text) {
  Mistake mistake;
  return parse_duration(text, mistake);
}
std::string mistake_of_duration(std::string_view text) {
  Mistake mistake;
  EXPECT_FALSE(parse_duration(text, mistake)) << text;
  return mistake.what + " / " + mistake.how;
}

TEST(Quantities, DurationsAreReadAsWritten) {
  EXPECT_EQ(duration("30s"), seconds(30));
  EXPECT_EQ(duration("1m30s"), seconds(90));
  EXPECT_EQ(duration("24h"), hours(24));
  EXPECT_EQ(duration("400d"), hours(9600));
  EXPECT_EQ(duration("250ms"), milliseconds(250));
  EXPECT_EQ(duration("10us"), microseconds(10));
  EXPECT_EQ(duration("1w"), hours(168));
  EXPECT_EQ(duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(duration(" 2h 30m "), minutes(150));
  EXPECT_EQ(duration("0"), seconds(0));
  EXPECT_EQ(duration("0s"), seconds(0));
}

TEST(Quantities, ABareNumberIsNoDuration) {
  EXPECT_EQ(mistake_of_duration("30"), "\"30\" has no unit / write 30s for seconds");
  EXPECT_EQ(mistake_of_duration("1.5"), "\"1.5\" has no unit / write 1.5s for seconds");
}

TEST(Quantities, OtherTextsAreNoDurations) {
  for (const auto* text : {"", " ", "s", "abc", "30x", "30 seconds", "1m30", "30s1m", "1s2s", "-3s", "1m-3s", "1e3s",
                           "0x10s", "1,5s", "5%", "inf", "nan", "1.s", ".5s"})
    EXPECT_FALSE(duration(text)) << text;
}

TEST(Quantities, DurationsAreBounded) {
  EXPECT_TRUE(duration("36525d"));
  EXPECT_FALSE(duration("36526d"));
  EXPECT_FALSE(duration("99999999999999999999999999999999999w"));
  EXPECT_FALSE(duration("0.0001us"));
}

TEST(Quantities, DurationsAreShownAsPeopleSpeakOfThem) {
  const std::pair<Duration, std::string> cases[] = {{seconds(0), "0s"},
                                                    {seconds(30), "30s"},
                                                    {seconds(60), "60s"},
                                                    {seconds(90), "90s"},
                                                    {minutes(2), "2m"},
                                                    {seconds(150), "2m30s"},
                                                    {milliseconds(250), "250ms"},
                                                    {hours(1), "1h"},
                                                    {hours(24), "24h"},
                                                    {hours(48), "2d"},
                                                    {hours(49), "49h"},
                                                    {hours(9600), "400d"},
                                                    {milliseconds(1500), "1s500ms"}};
  for (const auto& [value, text] : cases) {
    EXPECT_EQ(show_duration(value), text);
    EXPECT_EQ(duration(text), value) << text;
  }
}

std::optional<std::uint64_t> size(std::string_view text) {
  Mistake mistake;
  return parse_size(text, mistake);
}

TEST(Quantities, SizesKnowBothKindsOfUnits) {
  EXPECT_EQ(size("512 MiB"), 512U << 20);
  EXPECT_EQ(size("2GiB"), std::uint64_t{2} << 30);
  EXPECT_EQ(size("16 kB"), 16'000U);
  EXPECT_EQ(size("1.5 KiB"), 1536U);
  EXPECT_EQ(size("0 B"), 0U);
  for (const auto* text : {"", "512", "MiB", "-1 MiB", "1 mib", "1 MiB 2", "5%", "9999999 TiB"})
    EXPECT_FALSE(size(text)) << text;
}

TEST(Quantities, SizesAreShownInTheLargestWholeUnit) {
  EXPECT_EQ(show_size(std::uint64_t{2} << 30), "2 GiB");
  EXPECT_EQ(show_size(1536), "1536 B");
  EXPECT_EQ(show_size(2048), "2 KiB");
}

TEST(Quantities, LimitsPerTime) {
  Mistake mistake;
  const auto limit = parse_count_per("3 per 24h", mistake);
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->count, 3);
  EXPECT_EQ(limit->window, hours(24));
  for (const auto* text :
       {"", "3", "3 per", "0 per 1h", "-1 per 1h", "3 per 24", "3 per 0s", "3/24h", "1.5 per 1h", "99999999999 per 1h"})
    EXPECT_FALSE(parse_count_per(text, mistake)) << text;
}

TEST(Quantities, MOfN) {
  Mistake mistake;
  const auto of = parse_count_of("3 of 5", mistake);
  ASSERT_TRUE(of);
  EXPECT_EQ(of->m, 3);
  EXPECT_EQ(of->n, 5);
  EXPECT_TRUE(parse_count_of("5 of 5", mistake));
  for (const auto* text : {"", "3", "3 of", "0 of 5", "6 of 5", "3 of 5000", "3 of 5 times", "three of five"})
    EXPECT_FALSE(parse_count_of(text, mistake)) << text;
}

std::optional<double> value(std::string_view text, Unit unit) {
  Mistake mistake;
  return parse_value(text, unit, mistake);
}

TEST(Quantities, ValuesAreReadInTheUnitOfTheIndicator) {
  EXPECT_EQ(value("5%", Unit::ratio), 0.05);
  EXPECT_EQ(value("5 %", Unit::percent), 5.0);
  EXPECT_EQ(value("200ms", Unit::seconds), 0.2);
  EXPECT_EQ(value("1.5s", Unit::seconds), 1.5);
  EXPECT_EQ(value("2h", Unit::seconds), 7200.0);
  EXPECT_EQ(value("512 MiB", Unit::bytes), 536'870'912.0);
  EXPECT_EQ(value("80", Unit::count), 80.0);
  EXPECT_EQ(value("1e3", Unit::count), 1000.0);
  EXPECT_EQ(value("-3", Unit::count), -3.0);
}

TEST(Quantities, AReadingOfOneInAThousandStandsOnTheEdgeOfATenthOfAPercent) {
  // 0.1 / 100 is not the double nearest to 0.001; nor is 0.7 / 100 that nearest to 0.007, or 70 * 0.001 to 0.07.
  for (int permille = 0; permille <= 1000; ++permille) {
    const std::string text = std::to_string(permille / 10) + "." + std::to_string(permille % 10) + "%";
    EXPECT_EQ(value(text, Unit::ratio), static_cast<double>(permille) / 1000.0) << text;
  }
  for (int ms = 0; ms <= 2000; ++ms)
    EXPECT_EQ(value(std::to_string(ms) + "ms", Unit::seconds), static_cast<double>(ms) / 1000.0);
}

TEST(Quantities, MixedUnitsAreRefusedAndSaid) {
  const std::pair<const char*, Unit> cases[] = {
      {"5", Unit::ratio},   {"5", Unit::percent},     {"5ms", Unit::percent},   {"5%", Unit::count},
      {"5ms", Unit::count}, {"5", Unit::seconds},     {"5%", Unit::seconds},    {"5", Unit::bytes},
      {"5%", Unit::bytes},  {"5 MiB", Unit::seconds}, {"5 apples", Unit::count}};
  for (const auto& [text, unit] : cases) {
    Mistake mistake;
    EXPECT_FALSE(parse_value(text, unit, mistake)) << text;
    EXPECT_NE(mistake.what.find("but the indicator is"), std::string::npos) << mistake.what;
    EXPECT_FALSE(mistake.how.empty());
  }
}

std::optional<Band> band(std::string_view text, Unit unit = Unit::ratio) {
  Mistake mistake;
  return parse_band(text, unit, mistake);
}

TEST(Quantities, BandsHaveTheirEdgesAsWritten) {
  const auto normal = band("< 1%");
  ASSERT_TRUE(normal);
  EXPECT_TRUE(normal->contains(0.0099));
  EXPECT_FALSE(normal->contains(0.01));
  EXPECT_TRUE(band("<= 1%")->contains(0.01));

  const auto alert = band("2% - 5%");
  ASSERT_TRUE(alert);
  EXPECT_FALSE(alert->contains(0.0199));
  EXPECT_TRUE(alert->contains(0.02));
  EXPECT_TRUE(alert->contains(0.05));
  EXPECT_FALSE(alert->contains(0.0501));

  const auto critical = band("> 5%");
  ASSERT_TRUE(critical);
  EXPECT_FALSE(critical->contains(0.05));
  EXPECT_TRUE(critical->contains(0.0501));
  EXPECT_TRUE(band(">= 5%")->contains(0.05));
}

TEST(Quantities, TheUnitOfTheUpperEdgeServesTheLower) {
  EXPECT_EQ(band("2-5%"), band("2% - 5%"));
  EXPECT_EQ(band("200-500ms", Unit::seconds), band("0.2s - 0.5s", Unit::seconds));
  EXPECT_EQ(band("-10--5", Unit::count), band("-10 - -5", Unit::count));
  EXPECT_FALSE(band("2%-5", Unit::count));
}

TEST(Quantities, OtherTextsAreNoBands) {
  for (const auto* text : {"", "5%", "5% - 2%", "<", "< ", "=< 5%", "= 5%", "5% -", "- 5%", "1% - 2% - 3%", "> 1% - 2%",
                           "about 5%", "< 5% and > 2%", "> inf", "> nan"})
    EXPECT_FALSE(band(text)) << text;
  EXPECT_TRUE(band("5% - 5%"));
}

TEST(Quantities, ConditionsCompareWithALimitOrWithTheBaseline) {
  Mistake mistake;
  const auto limit = parse_condition("> 5%", Unit::ratio, mistake);
  ASSERT_TRUE(limit);
  EXPECT_EQ(std::get<Limit>(*limit), (Limit{Op::greater, 0.05}));
  EXPECT_EQ(std::get<Limit>(*parse_condition(">= 80", Unit::count, mistake)), (Limit{Op::greater_equal, 80}));
  EXPECT_EQ(std::get<Limit>(*parse_condition("<=1s", Unit::seconds, mistake)), (Limit{Op::less_equal, 1}));
  for (const auto* text : {"> 2x baseline", ">2x baseline", "> 2 x baseline", "> 2.0x  baseline"}) {
    const auto factor = parse_condition(text, Unit::seconds, mistake);
    ASSERT_TRUE(factor) << text;
    EXPECT_EQ(std::get<BaselineFactor>(*factor).limit, (Limit{Op::greater, 2})) << text;
  }
  for (const auto* text : {"", "5%", "> ", "> 2x", "> x baseline", "> 2x base", "> 0x baseline", "> -1x baseline",
                           "> 5% baseline", "== 5%", "> 5", "> 2x baseline or so"})
    EXPECT_FALSE(parse_condition(text, Unit::ratio, mistake)) << text;
}

} // namespace
} // namespace backstop::config
