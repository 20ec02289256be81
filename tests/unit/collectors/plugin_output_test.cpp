#include "collectors/plugin_output.hpp"
#include "collectors/plugin_probe.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <optional>

/// What plugins print, well-formed and not, and what a read of one gives.
namespace backstop {
namespace {

using testing::IsEmpty;
using Values = std::map<std::string, double>;

/// By label; counters with " c" behind it.
Values values_of(const PluginOutput& output) {
  Values values;
  for (const RawSample& s : output.samples) {
    const bool counter = s.name == "plugin_perfdata_total";
    EXPECT_TRUE(counter || s.name == "plugin_perfdata") << s.name;
    EXPECT_EQ(s.labels.size(), 1U);
    EXPECT_EQ(s.labels[0].first, "label");
    EXPECT_TRUE(values.emplace(s.labels[0].second + (counter ? " c" : ""), s.value).second) << "a label twice";
  }
  return values;
}

Values perfdata(const std::string& text) {
  const PluginOutput output = read_plugin_output("OK | " + text);
  EXPECT_EQ(output.left_out, 0U) << output.first_left_out;
  return values_of(output);
}

/// Of the pieces of `text` none is read, and the first of them is named.
std::string left_out(const std::string& text) {
  const PluginOutput output = read_plugin_output("OK|" + text);
  EXPECT_THAT(values_of(output), IsEmpty());
  EXPECT_GT(output.left_out, 0U);
  return output.first_left_out;
}

TEST(PluginOutput, TextAndPerformanceData) {
  const PluginOutput output = read_plugin_output("  LOAD OK - 0.10 |load1=0.100;15.000;30.000;0; load5=0.2;;;0;\n");
  EXPECT_EQ(output.text, "LOAD OK - 0.10");
  EXPECT_EQ(values_of(output), (Values{{"load1", 0.1}, {"load5", 0.2}}));
  EXPECT_EQ(read_plugin_output("just text").text, "just text");
  EXPECT_EQ(read_plugin_output("").text, "");
  EXPECT_EQ(read_plugin_output("|a=1").text, "");
}

TEST(PluginOutput, LinesAfterTheFirstAreTextUpToABar) {
  const PluginOutput output = read_plugin_output("DISK OK|/=1\nlong text, x=9\nmore | /home=2 /var=3\n/srv=4\n");
  EXPECT_EQ(output.text, "DISK OK");
  EXPECT_EQ(values_of(output), (Values{{"/", 1}, {"/home", 2}, {"/var", 3}, {"/srv", 4}}));
  EXPECT_THAT(read_plugin_output("OK\na=1 b=2\n").samples, IsEmpty());
}

TEST(PluginOutput, ValuesAreGivenInBaseUnits) {
  EXPECT_EQ(perfdata("a=1.5s b=250ms c=7us d=3ns"), (Values{{"a", 1.5}, {"b", 0.25}, {"c", 7e-6}, {"d", 3e-9}}));
  EXPECT_EQ(perfdata("a=10B b=1kB c=1KB d=2MB e=1GB f=1TB"),
            (Values{{"a", 10}, {"b", 1000}, {"c", 1000}, {"d", 2e6}, {"e", 1e9}, {"f", 1e12}}));
  EXPECT_EQ(perfdata("a=1KiB b=1MiB c=2GiB d=1TiB"),
            (Values{{"a", 1024}, {"b", 1048576}, {"c", 2147483648.0}, {"d", 1099511627776.0}}));
  EXPECT_EQ(perfdata("a=12.5% b=40 c=21C d=1200rpm"), (Values{{"a", 12.5}, {"b", 40}, {"c", 21}, {"d", 1200}}));
  EXPECT_EQ(perfdata("requests=123456c"), (Values{{"requests c", 123456}}));
}

TEST(PluginOutput, NumbersAreDecimalOrScientific) {
  EXPECT_EQ(perfdata("a=-3 b=+4 c=.5 d=5. e=1e3 f=2.5E-1 g=1e+2s h=1E3B"),
            (Values{{"a", -3}, {"b", 4}, {"c", 0.5}, {"d", 5}, {"e", 1000}, {"f", 0.25}, {"g", 100}, {"h", 1000}}));
  EXPECT_EQ(perfdata("a=1e"), (Values{{"a", 1}})) << "a unit that nobody knows";
}

TEST(PluginOutput, CommasInNumbersAreNone) {
  EXPECT_EQ(left_out("a=1,5"), "a=1,5");
  EXPECT_EQ(left_out("a=1,5ms;1;2"), "a=1,5ms;1;2");
  EXPECT_EQ(left_out("a=1.000,5"), "a=1.000,5");
  EXPECT_EQ(left_out("a=1.2.3"), "a=1.2.3");
  EXPECT_EQ(perfdata("a=1;1,5;2,5"), (Values{{"a", 1}})) << "limits are not looked at";
}

TEST(PluginOutput, AnUnknownValueGivesNothingAndIsNoFault) {
  EXPECT_THAT(perfdata("a=U b=U;1;2;0;9"), IsEmpty());
  EXPECT_EQ(left_out("a=Ux"), "a=Ux");
}

TEST(PluginOutput, FieldsBehindTheValueMayBeMissing) {
  EXPECT_EQ(perfdata("a=1; b=2;; c=3;;;;; d=4;~:5;@1:2;;x"), (Values{{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}}));
}

TEST(PluginOutput, LabelsInQuotes) {
  EXPECT_EQ(perfdata("'free space'=1 'it''s'=2 'a=b'=3 ''''=4 'x|y'=5"),
            (Values{{"free space", 1}, {"it's", 2}, {"a=b", 3}, {"'", 4}, {"x|y", 5}}));
  EXPECT_EQ(values_of(read_plugin_output("OK|C:\\ used=1")), (Values{{"used", 1}})) << "without quotes a blank ends it";
}

TEST(PluginOutput, WhatIsNoPerformanceDataIsLeftOutAndTheRestStays) {
  const PluginOutput output = read_plugin_output("OK|a=1 junk =2 b= 'c d' e'f=3 ''=4 g=nan h=inf i=0x1f k=5");
  EXPECT_EQ(values_of(output), (Values{{"a", 1}, {"k", 5}}));
  EXPECT_EQ(output.left_out, 9U);
  EXPECT_EQ(output.first_left_out, "junk");
}

TEST(PluginOutput, AQuoteThatIsNeverClosedSwallowsNothing) {
  const PluginOutput output = read_plugin_output("OK|'a b=1 c=2");
  EXPECT_EQ(values_of(output), (Values{{"b", 1}, {"c", 2}}));
  EXPECT_EQ(output.first_left_out, "'a");
}

TEST(PluginOutput, TheFirstOfALabelCounts) {
  const PluginOutput output = read_plugin_output("OK|a=1 a=2c 'a'=3");
  EXPECT_EQ(values_of(output), (Values{{"a", 1}}));
  EXPECT_EQ(output.left_out, 2U);
}

TEST(PluginOutput, ValuesTooLargeAreLeftOut) {
  EXPECT_EQ(left_out("a=1e999"), "a=1e999");
  EXPECT_EQ(left_out("a=1e308TB"), "a=1e308TB");
}

TEST(PluginOutput, TextIsFitToBeShown) {
  EXPECT_EQ(read_plugin_output("a\x1b[31mb\x07").text, "a?[31mb?");
  EXPECT_EQ(read_plugin_output("gr\xc3\xbc\xc3\x9f").text, "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(read_plugin_output("gr\xfc\xdf").text, "gr??");
  EXPECT_EQ(read_plugin_output(std::string(500, 'x')).text.size(), 200U);
  EXPECT_EQ(read_plugin_output("y" + std::string(100, '\xc3') + std::string(200, 'x')).text.substr(0, 3), "y??");
  std::string umlauts = "x";
  for (int i = 0; i < 200; ++i) umlauts += "\xc3\xbc";
  EXPECT_EQ(read_plugin_output(umlauts).text, umlauts.substr(0, 199)) << "cut between characters";
  EXPECT_EQ(left_out("\xff=1"), "?=1") << "a label is UTF-8";
}

/// Plugins whose end the test gives.
class OneEnd final : public PluginRunner {
public:
  Id start(PluginCommand, Done done) override {
    if (next) done(*next);
    return 1;
  }
  void cancel(Id) override { cancelled = true; }
  std::optional<Result<PluginEnd>> next;
  bool cancelled = false;
};

Result<SamplesAnswer> read(Result<PluginEnd> end) {
  OneEnd runner;
  runner.next = std::move(end);
  PluginProbe probe(runner, {{"/x"}, std::chrono::seconds(1)});
  std::optional<Result<SamplesAnswer>> got;
  probe.start([&](Result<ProbeAnswer> answer) {
    got = answer ? Result<SamplesAnswer>(std::get<SamplesAnswer>(*answer)) : Result<SamplesAnswer>(answer.error());
  });
  return got.value_or(fail(Errc::invalid, "not answered"));
}

double status_of(const SamplesAnswer& answer) {
  for (const RawSample& s : answer.samples)
    if (s.name == "plugin_status") return s.value;
  return -1;
}

TEST(PluginProbe, ExitCodesAreTheStatus) {
  for (const int code : {0, 1, 2, 3}) {
    const auto answer = read(PluginEnd{code, "it is so | a=1"});
    ASSERT_TRUE(answer);
    EXPECT_EQ(status_of(*answer), code);
    EXPECT_EQ(answer->samples.size(), 2U);
    EXPECT_EQ(answer->note, code == 0 ? "" : "it is so");
  }
}

TEST(PluginProbe, AnotherExitCodeIsAFailedRead) {
  EXPECT_EQ(read(PluginEnd{127, ""}).error().what, "exit code 127, 0 to 3 wanted");
  EXPECT_EQ(read(PluginEnd{4, "odd|a=1"}).error().what, "exit code 4, 0 to 3 wanted: odd");
  EXPECT_EQ(read(fail(Errc::timeout, "too late")).error().what, "too late");
}

TEST(PluginProbe, WhatCannotBeReadIsTold) {
  EXPECT_EQ(read(PluginEnd{0, "fine|a=1,5 b=1"})->note, "1 of its performance data cannot be read, as a=1,5");
  EXPECT_EQ(read(PluginEnd{1, "so so|a=1,5"})->note, "so so; 1 of its performance data cannot be read, as a=1,5");
}

TEST(PluginProbe, GivesItsPluginUpWhenItGoes) {
  OneEnd runner;
  {
    PluginProbe probe(runner, {{"/x"}, std::chrono::seconds(1)});
    probe.start([](const Result<ProbeAnswer>&) { ADD_FAILURE() << "nobody is there any more"; });
  }
  EXPECT_TRUE(runner.cancelled);
}

} // namespace
} // namespace backstop
