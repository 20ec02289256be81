#include "tests/integration/daemon_process.hpp"
#include "tests/integration/private_alertmanager.hpp"
#include "tests/integration/private_mail_server.hpp"

/// A real daemon tells a real Alertmanager and a real mail server of a rollback.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using namespace std::chrono_literals;

class DaemonChannels : public DaemonProcess {
protected:
  void add_channel(const std::string& text) {
    shop.settings.more_channels += text;
    write("backstop.yaml", shop.daemon_file());
  }
  /// A version that fails runs; gives how `deploy wait` ended.
  int deploy_a_bad_version() {
    const std::vector<std::string> begin = {"deploy", "begin", "--service", "shop", "--version", "v1-bad"};
    EXPECT_TRUE(until([&] { return ctl(begin).code == 0; })) << ctl(begin).err;
    write("version", "v1-bad\n");
    EXPECT_EQ(ctl({"deploy", "finish", "D1"}).code, 0);
    return ctl({"deploy", "wait", "D1", "--timeout", "60s"}).code;
  }
};

TEST_F(DaemonChannels, AnAlertmanagerSeesAnIncidentForAsLongAsItIsOpen) {
  if (!PrivateAlertmanager::possible())
    GTEST_SKIP() << "NOT RUN: there is no Alertmanager (Debian package prometheus-alertmanager)";
  const PrivateAlertmanager alertmanager("1s");
  add_channel(", alerts: {type: alertmanager, resend: 1s, url: \"" + alertmanager.url() + "\"}");
  ASSERT_TRUE(start()) << log();
  ASSERT_TRUE(ready_to_deploy());

  const Ran tested = ctl({"notify", "test", "alerts"});
  EXPECT_EQ(tested.code, 0) << tested.err;
  EXPECT_EQ(tested.out, "alerts: taken: answered 200\n");

  // A rollback that fails: the incident stays open until a person has mended it.
  shop::write_file(shop.dir + "/execute", "#!/bin/sh\nexit 3\n", 0755);
  ASSERT_EQ(deploy_a_bad_version(), 5);
  const auto ours = [&] {
    Json::Array found;
    for (const Json& alert : alertmanager.alerts())
      if (alert["labels"].text("incident") == "I1") found.push_back(alert);
    return found;
  };
  ASSERT_TRUE(until([&] { return ours().size() == 1; }));
  const Json first = ours().front();
  EXPECT_EQ(first["labels"].text("alertname"), "BackstopIncident");
  EXPECT_EQ(first["labels"].text("service"), "shop");
  EXPECT_EQ(first["labels"].text("severity"), "critical");
  EXPECT_THAT(first["annotations"].text("summary"), HasSubstr("FAILED"));

  // Told once it would be over after four seconds.
  std::this_thread::sleep_for(6s);
  ASSERT_EQ(ours().size(), 1U);
  EXPECT_GT(ours().front().text("endsAt"), first.text("endsAt"));
  EXPECT_EQ(ours().front().text("startsAt"), first.text("startsAt"));

  ASSERT_EQ(ctl({"unlock", "shop", "--reason", "mended", "--done-by-hand"}).code, 0);
  EXPECT_TRUE(until([&] { return ours().empty(); }));
  EXPECT_EQ(stop(), 0);
}

TEST_F(DaemonChannels, AMailServerGetsMailThatCanBeRead) {
  if (!PrivateMailServer::possible())
    GTEST_SKIP() << "NOT RUN: there is no mail server (Debian package exim4-daemon-light)";
  const PrivateMailServer server;
  write("mail-password", "sesame\n");
  const std::string route = "{type: email, server: \"" + server.place() + "\", ca_file: " + server.ca_file() +
                            ", user: backstop, password: {file: " + shop.dir +
                            "/mail-password}, from: backstop@example.org, to: [";
  add_channel(", mail: " + route + "oncall@example.org]}, nobody: " + route + "refused@example.org]}");
  ASSERT_TRUE(start()) << log();
  ASSERT_TRUE(ready_to_deploy());

  const Ran tested = ctl({"notify", "test", "mail"});
  EXPECT_EQ(tested.code, 0) << tested.err << server.log();
  EXPECT_THAT(tested.out, HasSubstr("mail: taken: the mail server answered 250 OK id="));
  const Ran refused = ctl({"notify", "test", "nobody"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.out, AllOf(HasSubstr("nobody: NOT taken"), HasSubstr("550 nobody of that name")));
  EXPECT_EQ(ctl({"notify", "test", "fax"}).code, 1);

  ASSERT_EQ(deploy_a_bad_version(), 3);
  ASSERT_TRUE(until([&] { return server.mailbox().find("Subject: [resolved] shop/") != std::string::npos; }))
      << server.log();
  EXPECT_THAT(server.mailbox(), AllOf(HasSubstr("Subject: [critical] shop/"), HasSubstr("To: oncall@example.org"),
                                      HasSubstr("Content-Type: multipart/alternative"),
                                      HasSubstr("\nDone: rolled back v1-bad to v0-good")));
  EXPECT_THAT(server.log(), HasSubstr("P=esmtpsa"));
  const std::string box = server.mailbox(), thread = "References: ";
  const auto one = box.find(thread), other = box.rfind(thread);
  ASSERT_NE(one, other);
  EXPECT_EQ(box.substr(one, box.find('\n', one) - one), box.substr(other, box.find('\n', other) - other))
      << "one thread";
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(log().find("sesame"), std::string::npos);
}

TEST_F(DaemonChannels, AWebhookThatRedirectsElsewhereGetsNothingThere) {
  std::atomic<int> asked{0};
  RawServer elsewhere([&](RawServer::Connection& c) {
    ++asked;
    c.hold();
  });
  RawServer redirecting([&](RawServer::Connection& c) {
    while (c.read_request())
      if (!c.send("HTTP/1.1 307 Moved\r\nLocation: " + elsewhere.url("/stolen/planted-token") +
                  "\r\nContent-Length: 0\r\n\r\n"))
        return;
  });
  add_channel(", moved: {type: slack, url: {file: " + shop.dir + "/moved-url}}");
  write("moved-url", redirecting.url("/services/planted-token") + "\n");
  ASSERT_TRUE(start()) << log();
  const Ran tested = ctl({"notify", "test", "moved"});
  EXPECT_EQ(tested.code, 1);
  EXPECT_THAT(tested.out, HasSubstr("answered 307 and points to " + elsewhere.url("") + ", which is not followed"));
  EXPECT_EQ((tested.out + tested.err + log()).find("planted"), std::string::npos);
  EXPECT_EQ(asked, 0);
}

} // namespace
} // namespace backstop
