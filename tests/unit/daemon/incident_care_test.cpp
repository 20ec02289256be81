#include "daemon/incident_care.hpp"
#include <gmock/gmock.h>

namespace backstop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

constexpr Time kOpened{1'000'000s};

IncidentState open_incident_state() {
  IncidentState i;
  i.id = "I7";
  i.service = "shop/production";
  i.deployment = "D9";
  i.severity = "critical";
  i.title = "shop/production 1.4.2: error_rate 12% above 5%";
  i.opened = i.last_told = kOpened;
  return i;
}

config::Notify notify() {
  config::Notify n;
  n.repeat_interval = 4h;
  n.escalate = {{15min, {"TechLead"}}, {1h, {"ProductOwner"}}};
  return n;
}

std::vector<std::string> events(const IncidentCare& care) {
  std::vector<std::string> all;
  for (const Reminder& r : care.due) all.push_back(r.announcement.event);
  return all;
}

/// As announce() and the fold do.
void tell(IncidentState& i, const IncidentCare& care, Time now) {
  for (const Reminder& r : care.due) i.told[r.announcement.event] = now;
  if (!care.due.empty()) i.last_told = now;
}

TEST(IncidentCare, UnacknowledgedGoesToTheNextPeopleOnce) {
  IncidentState i = open_incident_state();
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 14min)), IsEmpty());
  EXPECT_EQ(care_for(i, notify(), kOpened + 14min).next, kOpened + 15min);
  const IncidentCare first = care_for(i, notify(), kOpened + 15min);
  EXPECT_THAT(events(first), ElementsAre("escalated.1"));
  EXPECT_THAT(first.due[0].to, ElementsAre("TechLead"));
  EXPECT_EQ(first.due[0].announcement.title,
            "NOBODY ACKNOWLEDGED for 15m: shop/production 1.4.2: error_rate 12% above 5%; backstopctl ack I7");
  tell(i, first, kOpened + 15min);
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 59min)), IsEmpty());
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 1h)), ElementsAre("escalated.2"));
}

TEST(IncidentCare, AcknowledgedIsQuietUntilItRunsOutAndThenBeginsAnew) {
  IncidentState i = open_incident_state();
  tell(i, care_for(i, notify(), kOpened + 15min), kOpened + 15min);
  i.acknowledged_at = kOpened + 20min;
  i.acknowledged_until = kOpened + 10h;
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 9h)), IsEmpty());
  EXPECT_EQ(care_for(i, notify(), kOpened + 9h).next, kOpened + 10h);
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 10h)), IsEmpty());
  EXPECT_THAT(care_for(i, notify(), kOpened + 10h + 15min).due[0].announcement.event, HasSubstr("escalated.1."));
  i.acknowledged_until = Time{};
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 9000h)), IsEmpty());
  EXPECT_EQ(care_for(i, notify(), kOpened + 9000h).next, kNever);
}

TEST(IncidentCare, OpenIsToldAgainAfterTheLastWordNotForEachTimeMissed) {
  IncidentState i = open_incident_state();
  config::Notify n = notify();
  n.escalate.clear();
  i.last_told = kOpened + 1h; // something else was said
  EXPECT_THAT(events(care_for(i, n, kOpened + 4h)), IsEmpty());
  const IncidentCare missed = care_for(i, n, kOpened + 50h); // the daemon was away
  EXPECT_THAT(events(missed), ElementsAre("repeat.1"));
  EXPECT_THAT(missed.due[0].announcement.title, HasSubstr("STILL OPEN after 50h: "));
  tell(i, missed, kOpened + 50h);
  EXPECT_THAT(events(care_for(i, n, kOpened + 53h)), IsEmpty());
  EXPECT_EQ(care_for(i, n, kOpened + 53h).next, kOpened + 54h);
  EXPECT_THAT(events(care_for(i, n, kOpened + 54h)), ElementsAre("repeat.2"));
}

TEST(IncidentCare, ResolvedIsNoMoreToldOf) {
  IncidentState i = open_incident_state();
  i.resolved = kOpened + 1min;
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 900h)), IsEmpty());
  EXPECT_EQ(care_for(i, notify(), kOpened).next, kNever);
}

TEST(IncidentCare, ReviewIsAskedForAtHalfAtNineTenthsWhenDueAndDaily) {
  IncidentState i = open_incident_state();
  i.resolved = i.review_opened = kOpened;
  i.review_due = kOpened + 24h;
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 11h)), IsEmpty());
  EXPECT_EQ(care_for(i, notify(), kOpened + 11h).next, kOpened + 12h);
  const IncidentCare half = care_for(i, notify(), kOpened + 12h);
  EXPECT_THAT(events(half), ElementsAre("review_due.50"));
  EXPECT_EQ(half.due[0].announcement.title, "shop/production: the review of I7 is due in 12h; backstopctl incident "
                                            "review I7 --root-cause … --prevention …");
  tell(i, half, kOpened + 12h);
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 13h)), IsEmpty());
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 22h)), ElementsAre("review_due.90"));
  const IncidentCare over = care_for(i, notify(), kOpened + 24h); // 90 % was missed, and is of no use any more
  EXPECT_THAT(events(over), ElementsAre("review_overdue.1"));
  EXPECT_THAT(over.due[0].announcement.title, HasSubstr("is OVERDUE; backstopctl"));
  tell(i, over, kOpened + 24h);
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 47h)), IsEmpty());
  const IncidentCare late = care_for(i, notify(), kOpened + 96h);
  EXPECT_THAT(events(late), ElementsAre("review_overdue.4"));
  EXPECT_THAT(late.due[0].announcement.title, HasSubstr("is OVERDUE since 3d"));
  i.reviewed = kOpened + 97h;
  EXPECT_THAT(events(care_for(i, notify(), kOpened + 500h)), IsEmpty());
}

} // namespace
} // namespace backstop
