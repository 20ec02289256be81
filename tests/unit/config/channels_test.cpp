#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <set>

/// Channels as they are written and shown.
namespace backstop::config::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

LoadOutcome loaded(const std::string& text) {
  MemoryFiles files;
  files.texts["f"] = text;
  return load("f", files.files());
}

/// The indented blocks of docs/channels.md that begin with "channels:".
std::vector<std::string> examples() {
  std::vector<std::string> all;
  std::istringstream lines(slurp(source_dir() / "docs/channels.md"));
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "    channels:") all.emplace_back(), inside = true;
    inside = inside && line.rfind("    ", 0) == 0;
    if (inside) all.back() += line.substr(4) + "\n";
  }
  return all;
}

TEST(Channels, TheExamplesOfTheDocumentationWorkOneForEachType) {
  std::set<std::string_view> seen;
  for (const std::string& example : examples()) {
    const LoadOutcome outcome = loaded(example);
    EXPECT_THAT(show_faults(outcome.faults), IsEmpty()) << example;
    ASSERT_EQ(outcome.config.daemon.channels.size(), 1U) << example;
    seen.insert(name_of(outcome.config.daemon.channels[0].type));
  }
  EXPECT_EQ(seen, (std::set<std::string_view>{"webhook", "command", "slack", "teams", "pagerduty", "opsgenie", "email",
                                              "alertmanager", "statuspage", "cdevents"}));
}

TEST(Channels, AreReadWithEveryKey) {
  const LoadOutcome outcome =
      loaded("channels:\n"
             "  mail: {type: email, server: '[::1]:465', tls: tls, user: u, password: {file: /p}, from: a@b.c, to: "
             "[d@e.f, g@h.i],"
             " ca_file: /ca, timeout: 5s}\n"
             "  am: {type: alertmanager, url: 'https://am/x', basic: {credential: b}, resend: 30s, generator_url: "
             "'https://w/'}\n"
             "  page: {type: statuspage, page: p1, api_key: {credential: k}, components: {shop/production: c1, "
             "shop/staging: c2}}\n"
             "  eu: {type: pagerduty, routing_key: {credential: k}, url: 'https://events.eu.pagerduty.com'}\n"
             "  us: {type: pagerduty, routing_key: {credential: k}}\n");
  ASSERT_THAT(show_faults(outcome.faults), IsEmpty());
  const auto& all = outcome.config.daemon.channels;
  EXPECT_EQ(all[0].mail.server, "[::1]:465");
  EXPECT_EQ(all[0].mail.tls, MailRoute::Tls::tls);
  EXPECT_EQ(all[0].key.file, "/p");
  EXPECT_THAT(all[0].mail.to, testing::ElementsAre("d@e.f", "g@h.i"));
  EXPECT_EQ(all[0].ca_file, "/ca");
  EXPECT_EQ(all[0].timeout, std::chrono::seconds(5));
  EXPECT_EQ(all[1].basic.credential, "b");
  EXPECT_EQ(all[1].resend, std::chrono::seconds(30));
  EXPECT_EQ(all[1].generator_url, "https://w/");
  EXPECT_EQ(all[2].components.at("shop/staging"), "c2");
  EXPECT_EQ(all[3].url.inline_value, "https://events.eu.pagerduty.com");
  EXPECT_EQ(all[4].url.inline_value, "https://events.pagerduty.com");
}

TEST(Channels, AreShownWithoutTheirSecrets) {
  const LoadOutcome outcome =
      loaded("channels:\n"
             "  hook: {type: webhook, url: 'https://h.example/T0/planted-token', secret: {file: /s}}\n"
             "  mail: {type: email, server: 'm:587', user: u, password: {credential: p}, from: a@b.c, to: [d@e.f]}\n"
             "  am: {type: alertmanager, url: 'https://am.example/x', bearer: {credential: t}}\n");
  const std::string shown = show_daemon(outcome.config.daemon);
  EXPECT_THAT(shown, Not(HasSubstr("planted")));
  EXPECT_THAT(shown, HasSubstr("hook, webhook, url from this file, host h.example, signed with file /s"));
  EXPECT_THAT(
      shown,
      HasSubstr(
          "mail, email, m:587 by starttls, from a@b.c to d@e.f, user u,\n               password from credential p"));
  EXPECT_THAT(shown, HasSubstr("open alerts told every 60s"));
}

} // namespace
} // namespace backstop::config::test
