#include "tests/system/systemd_world.hpp"

/// Secrets that come to the installed daemon by LoadCredential=: root's files, which its own user cannot read, in
/// requests.
namespace backstop {
namespace {

using testing::HasSubstr;
using testing::Not;

class Credentials : public SystemdWorld {
protected:
  ~Credentials() override {
    sh("rm -rf /etc/systemd/system/backstopd.service.d /etc/backstop-secrets; systemctl daemon-reload");
  }
  static void give(const std::string& name, const std::string& secret) {
    sh("mkdir -p -m 0700 /etc/backstop-secrets /etc/systemd/system/backstopd.service.d");
    shop::write_file("/etc/backstop-secrets/" + name, secret + "\n", 0600);
    shop::write_file("/etc/systemd/system/backstopd.service.d/" + name + ".conf",
                     "[Service]\nLoadCredential=" + name + ":/etc/backstop-secrets/" + name + "\n");
    ASSERT_EQ(sh("systemctl daemon-reload").code, 0);
  }
  /// The shop's service file, whose source asks this server with a token.
  void ask_with_a_token() const {
    std::string text = shop.service_file();
    const std::string url = "http://127.0.0.1:" + std::to_string(shop.server.port()) + "/metrics";
    text.replace(text.find("targets:"), 0, "bearer: {credential: shop-token}, ");
    text.replace(text.find(url), url.size(), server_.url("/metrics"));
    write_service(text);
  }
  [[nodiscard]] bool asked(const std::string& part) {
    const std::lock_guard lock(mutex_);
    return requests_.find(part) != std::string::npos;
  }

  std::mutex mutex_;
  std::string requests_;
  RawServer server_{[this](RawServer::Connection& c) {
    while (const auto request = c.read_request()) {
      {
        const std::lock_guard lock(mutex_);
        requests_ += *request + "\n";
      }
      const bool scrape = request->rfind("GET", 0) == 0;
      if (!c.send(scrape ? shop.target.scrape() : http_answer(200, "ok"))) return;
    }
  }};
};

TEST_F(Credentials, OfASourceAndAChannelAreInTheRequestsAndNowhereElse) {
  const std::string token = "token-7c1f", path = "/hooks/secret-93ab";
  give("shop-token", token);
  give("oncall-url", server_.url(path));
  ask_with_a_token();
  shop::write_file("/etc/backstop/backstop.yaml",
                   "metrics: {listen: \"127.0.0.1:0\"}\n"
                   "channels: {oncall: {type: webhook, url: {credential: oncall-url}}}\n");
  EXPECT_NE(sh("setpriv --reuid backstop --regid backstop --init-groups cat /etc/backstop-secrets/shop-token").code, 0);
  start_and_adopt();
  EXPECT_TRUE(until([&] { return asked("Authorization: Bearer " + token + "\r\n"); }));
  const std::string id = deploy_bad();
  EXPECT_EQ(ctl("deploy wait " + id + " --timeout 60s").code, 3);
  EXPECT_TRUE(until([&] { return asked("POST " + path + " HTTP/1.1\r\n"); })) << "the channel was told";

  for (const std::string& secret : {token, path}) {
    EXPECT_THAT(sh("journalctl -b -o export -u backstopd").out, Not(HasSubstr(secret)));
    EXPECT_THAT(ctl("check-config").out + ctl("status --json").out + ctl("deploy show " + id + " --json").out,
                Not(HasSubstr(secret)));
    EXPECT_EQ(sh("grep -c '" + secret + "' /var/lib/backstop/journal.db /var/lib/backstop/journal.db-wal").out,
              "/var/lib/backstop/journal.db:0\n/var/lib/backstop/journal.db-wal:0\n");
  }
}

TEST_F(Credentials, ThatAreNotThereAreSaidWithTheLineThatIsMissing) {
  give("another", "x");
  ask_with_a_token();
  start();
  EXPECT_TRUE(until([] { return ctl("status").out.find("shop-token") != std::string::npos; })) << ctl("status").out;
}

} // namespace
} // namespace backstop
