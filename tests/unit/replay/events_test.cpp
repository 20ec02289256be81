#include "daemon/replay/events.hpp"
#include <gtest/gtest.h>

namespace backstop::replay {
namespace {

std::string fault(const std::string& text) {
  const auto events = read_events(text, "e.jsonl", "shop/production");
  return events ? "" : events.error().what;
}

TEST(ReplayEvents, InOrderOfTimeWithTheMembersOfTheControlApi) {
  const auto events = read_events(R"({"t":130,"event":"finish"}

{"t":120.5,"event":"begin","version":"v2","previous":"v1"}
{"t":140,"event":"hold","for_s":60,"reason":"sale"}
{"t":150,"event":"signal","kind":"data-corruption","evidence":"orders doubled"}
{"t":145,"event":"stop"}
{"t":150,"event":"restart"})",
                                  "e.jsonl", "shop/production");
  ASSERT_TRUE(events) << events.error().what;
  ASSERT_EQ(events->size(), 6U);
  const auto& begin = std::get<BeginDeployment>(*(*events)[0].command);
  EXPECT_EQ(to_us((*events)[0].t), 120'500'000);
  EXPECT_EQ(begin.service, "shop/production");
  EXPECT_EQ(begin.version, "v2");
  EXPECT_EQ(begin.previous, "v1");
  EXPECT_TRUE(std::holds_alternative<FinishDeployment>(*(*events)[1].command));
  EXPECT_EQ(std::get<Hold>(*(*events)[2].command).lasts, seconds_f(60));
  EXPECT_FALSE((*events)[3].command);
  EXPECT_EQ((*events)[3].daemon, Event::Daemon::stops);
  EXPECT_EQ(std::get<RaiseSignal>(*(*events)[4].command).evidence, "orders doubled");
  EXPECT_EQ((*events)[5].daemon, Event::Daemon::starts);
}

TEST(ReplayEvents, FaultsSayWhereWhatAndHow) {
  EXPECT_EQ(fault("{\"t\":1,\"event\":\"finish\"}\n{\"event\":\"begin\"}\n"),
            "e.jsonl:2: \"t\" is missing or no number (it is in seconds since 1970)");
  EXPECT_EQ(fault(R"({"t":1,"event":"beginn"})"), R"(e.jsonl:1: "beginn" is no event (did you mean "begin"?))");
  EXPECT_EQ(fault(R"({"t":1,"event":"hold","reason":"x"})"), "e.jsonl:1: hold: 'for_s' is missing");
  EXPECT_EQ(fault("[]"), R"(e.jsonl:1: this is no JSON object (write {"t":1767225600,"event":"begin"}))");
  EXPECT_EQ(fault("\n"), "e.jsonl: there is no event in it (one JSON object a line)");
  EXPECT_EQ(fault("{").substr(0, 11), "e.jsonl:1: ");
}

} // namespace
} // namespace backstop::replay
