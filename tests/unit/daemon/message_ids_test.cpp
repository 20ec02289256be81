#include "daemon/message_ids.hpp"
#include "tests/unit/daemon/shop_world.hpp"
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What is logged can be found by its kind. That each id has its entry in the catalog: tests/lint/catalog.
namespace backstop {
namespace {

using testing::Contains;
using testing::Pair;

TEST(MessageIds, StandInTheOrderOfTheirNames) {
  for (std::size_t i = 0; i < message_ids().size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(message_ids()[i].message), i) << message_ids()[i].name;
  EXPECT_EQ(message_ids().back().message, Message::deadman_not_taken) << "the last of Message";
}

/// Outside there are filters and alarms that know these.
TEST(MessageIds, NeverChange) {
  const auto id = [](Message message) { return message_field(message).second; };
  EXPECT_EQ(message_field(Message::rollback_started).first, "MESSAGE_ID");
  EXPECT_EQ(id(Message::rollback_started), "58134280b58142ecb1e31f7ced86da72");
  EXPECT_EQ(id(Message::rollback_failed), "c2b8c29ddd9b4297a689e169ae11fe59");
  EXPECT_EQ(id(Message::step_unknown), "b21ba78e99284e7cab170e6651f17d94");
  EXPECT_EQ(id(Message::service_locked), "0c5184c1ce6047d4a643654158590689");
  EXPECT_EQ(id(Message::observe_only), "4e77e124349e42bea2ab5106529a1365");
  EXPECT_EQ(id(Message::journal_unwritable), "b882824996124e03b960a3fa207e1265");
}

TEST(MessageIds, RecordsOfOneTypeThatMeanDifferentThingsHaveDifferentOnes) {
  DeploymentEnded ended;
  ended.outcome = "succeeded";
  EXPECT_EQ(message_of(ended), Message::deployment_kept);
  ended.outcome = "undecided";
  EXPECT_EQ(message_of(ended), Message::deployment_undecided);
  ended.outcome = "rollback_failed";
  EXPECT_EQ(message_of(ended), Message::deployment_ended);

  DecisionMade made;
  made.decision = "RollBack";
  made.status = "enforced";
  EXPECT_EQ(message_of(made), Message::rollback_decided);
  made.status = "held";
  EXPECT_EQ(message_of(made), Message::rollback_withheld);
  made.decision = "Accept";
  EXPECT_EQ(message_of(made), Message::decision_made);

  StepEnded step;
  step.end = "exited";
  EXPECT_EQ(message_of(step), Message::step_done);
  step.status = 1;
  EXPECT_EQ(message_of(step), Message::step_failed);
  step.end = "locked";
  EXPECT_EQ(message_of(step), Message::step_failed);
  step.end = "unknown";
  EXPECT_EQ(message_of(step), Message::step_unknown);

  NoticeEnded notice;
  EXPECT_EQ(message_of(notice), Message::notice_given_up);
  notice.delivered = true;
  EXPECT_EQ(message_of(notice), Message::notice_delivered);
}

class LoggedMessages : public testing::Test {
protected:
  /// The fields of the line of that kind; none: no such line.
  [[nodiscard]] Log::Fields fields(Message message) const {
    for (const auto& line : world_.log.fields) {
      if (std::find(line.begin(), line.end(), message_field(message)) != line.end()) return line;
    }
    return {};
  }
  ShopWorld world_;
};

TEST_F(LoggedMessages, OfARollbackNameItsDeploymentServiceAndIncident) {
  const std::string id = world_.ship("v2", 0.3);
  ASSERT_TRUE(world_.until_phase(id, Phase::rolled_back_verified));
  for (const Message message : {Message::rollback_decided, Message::incident_opened, Message::rollback_started,
                                Message::step_done, Message::rollback_done, Message::incident_resolved}) {
    const Log::Fields line = fields(message);
    EXPECT_THAT(line, Contains(Pair("BACKSTOP_DEPLOYMENT", id)))
        << message_ids()[static_cast<std::size_t>(message)].name;
    EXPECT_THAT(line, Contains(Pair("BACKSTOP_SERVICE", "shop/production")));
    EXPECT_THAT(line, Contains(Pair("BACKSTOP_INCIDENT", "I1")));
  }
  EXPECT_THAT(fields(Message::version_quarantined), Contains(Pair("BACKSTOP_SERVICE", "shop/production")));
}

TEST_F(LoggedMessages, ThatAreNoRecordHaveOneToo) {
  world_.faulty->fail_at(world_.faulty->appends() + 1, 100);
  world_.ship("v2");
  world_.run(3);
  EXPECT_THAT(fields(Message::journal_unwritable), testing::Not(testing::IsEmpty()));
}

} // namespace
} // namespace backstop
