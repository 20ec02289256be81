#include "tests/unit/channels/occasions.hpp"
#include "tests/unit/channels/rules.hpp"
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

/// What goes out, byte by byte (tests/golden/channels), and that no service would refuse it. To renew after a wanted change:
///     BACKSTOP_RENEW_GOLDEN=1 build/dev/bin/test_channels; git diff tests/golden/channels
namespace backstop::channels::test {
namespace {

using config::ChannelType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::map<std::string, Notice>& all_notices() {
  static const std::map<std::string, Notice> all = notices();
  return all;
}

/// One of the page's own, and ours.
HttpResponse taken(const Sending& s) {
  HttpResponse answer;
  answer.status = 202;
  if (s.channel.type == ChannelType::statuspage && s.what.event != "rollback_started")
    answer.body = R"([{"id":"other","metadata":{}},{"id":"ours","metadata":{"backstop":{"key":")" +
                  incident_key(s.what, s.host) + R"("}}}])";
  else
    answer.body = "[]";
  return answer;
}

std::string text_of(const HttpRequest& request) {
  std::string text = request.method + " " + request.url + "\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\n";
  if (!request.bearer_token.empty()) text += "(bearer token)\n";
  const Result<Json> body = Json::parse(request.body);
  return text + "\n" + (body ? body->dump(2) + "\n" : "");
}

std::string text_of(const Sending& sending) {
  if (sending.channel.type == ChannelType::email) return mail_of(sending).message;
  std::string text;
  for (const HttpRequest& request : exchanges(sending, taken(sending)))
    text += (text.empty() ? "" : "\n") + text_of(request);
  return text;
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(BACKSTOP_SOURCE_DIR) + "/tests/golden/channels/" + name + ".txt";
  if (std::getenv("BACKSTOP_RENEW_GOLDEN")) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(slurp(path), text) << path;
}

class Payloads : public testing::TestWithParam<ChannelType> {};

TEST_P(Payloads, AreAsInTheGoldenFiles) {
  for (const auto& [event, notice] : all_notices()) {
    const Sending sending = sending_of(GetParam(), notice);
    if (takes(sending.channel, sending.what))
      expect_golden(std::string(name_of(GetParam())) + "." + event, text_of(sending));
  }
  expect_golden(std::string(name_of(GetParam())) + ".hostile", text_of(sending_of(GetParam(), hostile())));
}

TEST_P(Payloads, KeepToTheRulesOfTheService) {
  std::map<std::string, Notice> all = all_notices();
  all["hostile"] = hostile();
  all["nothing"] = {"key/x/it", "it", "critical", "", "{}"};
  all["unrecorded"] = {"backstopd/unrecorded/it", "it", "critical", "backstopd only observes: x",
                       R"({"event":"unrecorded"})"};
  for (const auto& [event, notice] : all) {
    const Sending sending = sending_of(GetParam(), notice);
    if (event == "nothing" || !takes(sending.channel, sending.what)) continue;
    if (GetParam() == ChannelType::email) {
      EXPECT_THAT(breaches_of_mail(mail_of(sending).message), IsEmpty()) << event;
      continue;
    }
    for (const HttpRequest& request : exchanges(sending, taken(sending)))
      EXPECT_THAT(breaches(GetParam(), request), IsEmpty()) << event << "\n" << text_of(request);
  }
}

TEST_P(Payloads, AreTheSameForTheSameNotice) {
  const Sending sending = sending_of(GetParam(), all_notices().at("rolled_back"));
  EXPECT_EQ(text_of(sending), text_of(sending));
  EXPECT_NE(text_of(sending), "");
}

INSTANTIATE_TEST_SUITE_P(Kinds, Payloads,
                         testing::Values(ChannelType::webhook, ChannelType::slack, ChannelType::teams,
                                         ChannelType::pagerduty, ChannelType::opsgenie, ChannelType::email,
                                         ChannelType::alertmanager, ChannelType::statuspage, ChannelType::cdevents),
                         [](const auto& param) { return std::string(name_of(param.param)); });

std::vector<HttpRequest> sent(ChannelType type, const std::string& event) {
  const Sending sending = sending_of(type, all_notices().at(event));
  return exchanges(sending, taken(sending));
}
Json body(const HttpRequest& request) { return Json::parse(request.body).value_or({}); }

TEST(PagerDuty, OneIncidentHasOneKeyFromItsBeginningToItsEnd) {
  const Json begun = body(sent(ChannelType::pagerduty, "rollback_started")[0]),
             over = body(sent(ChannelType::pagerduty, "rolled_back")[0]);
  EXPECT_EQ(begun.text("event_action"), "trigger");
  EXPECT_EQ(over.text("event_action"), "resolve");
  EXPECT_EQ(begun.text("dedup_key"), over.text("dedup_key"));
  EXPECT_EQ(body(sent(ChannelType::pagerduty, "acknowledged")[0]).text("event_action"), "acknowledge");
  EXPECT_THAT(sent(ChannelType::pagerduty, "kept")[0].url, HasSubstr("/v2/change/enqueue")) << "pages nobody";
}

TEST(PagerDuty, ATestOpensAndResolves) {
  const auto both = sent(ChannelType::pagerduty, "test");
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(body(both[0]).text("event_action"), "trigger");
  EXPECT_EQ(body(both[1]).text("event_action"), "resolve");
  EXPECT_EQ(body(both[0]).text("dedup_key"), body(both[1]).text("dedup_key"));
}

TEST(Alertmanager, AnOpenAlertIsOpenForFourRepeatsAndOverAtOnce) {
  const Json open = body(sent(ChannelType::alertmanager, "rollback_started")[0]),
             over = body(sent(ChannelType::alertmanager, "rolled_back")[0]);
  EXPECT_EQ((*open.as_array())[0].text("endsAt"), "2026-01-01T00:09:00Z") << "4 minutes from now";
  EXPECT_EQ((*over.as_array())[0].text("endsAt"), "2026-01-01T00:05:00Z");
  EXPECT_EQ((*open.as_array())[0]["labels"], (*over.as_array())[0]["labels"]) << "one alert";
}

TEST(Alertmanager, AnEscalatedIncidentEndsTheAlertThatItWas) {
  Notice notice = all_notices().at("rollback_started");
  Json json = Json::parse(notice.body).value_or({});
  notice.body = json.set("incident_began_as", "alert").dump();
  const Json alerts = body(exchanges(sending_of(ChannelType::alertmanager, notice), {})[0]);
  ASSERT_EQ(alerts.as_array()->size(), 2U);
  EXPECT_EQ((*alerts.as_array())[0]["labels"].text("severity"), "critical");
  EXPECT_EQ((*alerts.as_array())[1]["labels"].text("severity"), "alert");
  EXPECT_EQ((*alerts.as_array())[1].text("endsAt"), "2026-01-01T00:05:00Z");
}

TEST(Statuspage, AsksForItsIncidentAndThenCreatesOrUpdatesIt) {
  const auto created = sent(ChannelType::statuspage, "rollback_started"),
             updated = sent(ChannelType::statuspage, "rollback_failed"),
             resolved = sent(ChannelType::statuspage, "rolled_back");
  ASSERT_EQ(created.size(), 2U);
  EXPECT_EQ(created[0].method + " " + created[1].method, "GET POST");
  EXPECT_EQ(updated[1].method, "PATCH");
  EXPECT_THAT(updated[1].url, HasSubstr("/incidents/ours"));
  EXPECT_EQ(body(resolved[1])["incident"].text("status"), "resolved");
}

TEST(Statuspage, SaysNothingOfWhatGoesOnInside) {
  for (const char* event : {"rollback_started", "rollback_failed", "rolled_back"})
    for (const HttpRequest& request : sent(ChannelType::statuspage, event))
      for (const char* inside : {"v1", "v2", "error_rate", "30%", "D1"}) {
        const bool in_path = std::string(inside) == "v1"; // of the API
        EXPECT_TRUE(in_path || request.body.find(inside) == std::string::npos) << inside << " in " << request.body;
        EXPECT_THAT(body(request)["incident"].text("body"), Not(HasSubstr(inside)));
      }
}

TEST(Statuspage, OtherServicesAreNotPublished) {
  Sending sending = sending_of(ChannelType::statuspage, all_notices().at("rollback_started"));
  EXPECT_TRUE(takes(sending.channel, sending.what));
  sending.channel.components = {{"other/production", "x"}};
  EXPECT_FALSE(takes(sending.channel, sending.what));
  EXPECT_FALSE(takes(channel_of(ChannelType::statuspage), occasion_of(all_notices().at("decision"))));
}

TEST(CdEvents, ARollbackIsTwoEvents) {
  const auto both = sent(ChannelType::cdevents, "rolled_back");
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(body(both[0]).text("type"), "dev.cdevents.service.rolledback.0.2.0");
  EXPECT_EQ(body(both[1]).text("type"), "dev.cdevents.incident.resolved.0.2.0");
  EXPECT_EQ(body(sent(ChannelType::cdevents, "decision")[0]).text("id"),
            "host-1:I1@" + std::to_string(occasion_of(all_notices().at("decision")).opened_us / 1'000'000) +
                "/detected");
}

TEST(Webhook, IsSignedTogetherWithItsTime) {
  const HttpRequest request = sent(ChannelType::webhook, "rolled_back")[0];
  std::string signature;
  for (const auto& [name, value] : request.headers)
    if (name == "Backstop-Signature") signature = value;
  EXPECT_THAT(signature, HasSubstr("t=1767225900,v1="));
  Sending other = sending_of(ChannelType::webhook, all_notices().at("rolled_back"));
  other.secrets.key = "";
  const std::optional<HttpRequest> unsigned_one = next_request(other, 0, nullptr);
  for (const auto& [name, value] : unsigned_one->headers) EXPECT_NE(name, "Backstop-Signature");
}

TEST(Takes, APagingServiceIsNotTroubledWithGoodNews) {
  const Occasion kept = occasion_of(all_notices().at("kept")), deployed = occasion_of(all_notices().at("deployed"));
  for (const ChannelType type : {ChannelType::opsgenie, ChannelType::alertmanager, ChannelType::statuspage})
    EXPECT_FALSE(takes(channel_of(type), kept)) << name_of(type);
  for (const ChannelType type : {ChannelType::slack, ChannelType::email, ChannelType::webhook, ChannelType::command})
    EXPECT_TRUE(takes(channel_of(type), kept) && !takes(channel_of(type), deployed)) << name_of(type);
  EXPECT_TRUE(takes(channel_of(ChannelType::cdevents), deployed));
}

TEST(Rules, FindWhatIsWrong) {
  HttpRequest bad = sent(ChannelType::pagerduty, "rollback_started")[0];
  Json json = body(bad);
  Json payload = json["payload"];
  bad.body = json.set("payload", payload.set("severity", "alert").set("summary", std::string(1025, 'x'))).dump();
  EXPECT_THAT(breaches(ChannelType::pagerduty, bad), ElementsAre(HasSubstr("summary"), HasSubstr("severity")));
  HttpRequest calls = sent(ChannelType::slack, "rollback_started")[0];
  json = body(calls);
  calls.body = json.set("text", "hello <!channel>").dump();
  EXPECT_THAT(breaches(ChannelType::slack, calls), ElementsAre(HasSubstr("calls somebody")));
  EXPECT_THAT(breaches_of_mail("Subject: x\r\nBcc: y\r\n\r\n"), Not(IsEmpty()));
}

} // namespace
} // namespace backstop::channels::test
