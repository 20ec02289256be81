#include "tests/integration/daemon_process.hpp"

/// `backstopctl debug-bundle` beside the real daemon, with secrets in files and in lines: what a person gives away.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A port that was free a moment ago: where metrics are served has to stand in the configuration here.
int free_port() {
  const RawServer server([](RawServer::Connection&) {});
  return server.port();
}

class DaemonBundle : public DaemonProcess {
protected:
  DaemonBundle() {
    write("token", "planted-token\n");
    write("hook", pager_url() + "/planted-hook-file\n");
    shop.settings.more_channels = ", filed: {type: webhook, url: {file: " + shop.dir +
                                  "/hook}}, lined: {type: webhook, url: \"" + pager_url() + "/planted-hook-line\"}";
    std::string daemon = shop.daemon_file(), service = shop.service_file();
    replace(daemon, "127.0.0.1:0", "127.0.0.1:" + std::to_string(free_port()));
    replace(service, "targets:", "bearer: {file: " + shop.dir + "/token}, targets:");
    write("backstop.yaml", daemon);
    write("services.d/shop.yaml", service);
    // A step that prints what it should not.
    shop::write_file(shop.dir + "/prepare", "#!/bin/sh\ncat " + shop.dir + "/token " + shop.dir + "/hook\n", 0755);
  }
  static void replace(std::string& text, const std::string& what, const std::string& by) {
    text.replace(text.find(what), what.size(), by);
  }
  std::string pager_url() {
    const std::string channel = pager.channel();
    const std::size_t at = channel.find("http://");
    return channel.substr(at, channel.find('"', at) - at);
  }
  /// Makes the bundle NAME and unpacks it beside.
  Ran bundle(const std::string& name) {
    unpacked_ = shop.dir + "/" + name;
    const std::string file = unpacked_ + ".tar.gz";
    Ran made = ctl({"debug-bundle", file, "--config", shop.dir + "/backstop.yaml"});
    const Ran tar = run_program({"/bin/tar", "-xzf", file, "-C", shop.dir});
    EXPECT_EQ(tar.code, 0) << tar.err;
    return made;
  }
  [[nodiscard]] std::string in(const std::string& name) const { return shop::read_text(unpacked_ + "/" + name); }
  /// Files of the unpacked bundle in which a secret stands.
  [[nodiscard]] std::string leaks() const {
    return run_program({"/bin/grep", "-rE", "planted-(token|hook)", unpacked_}).out;
  }

private:
  std::string unpacked_;
};

TEST_F(DaemonBundle, HasWhatTheDaemonKnowsAndNoSecret) {
  roll_back_once();
  ASSERT_THAT(shop.ask("GET", "/v1/deployments/D1").dump(), HasSubstr("planted-token")) << "there is one to hide";
  const Ran made = bundle("live");
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(in("status.json"), AllOf(HasSubstr("\"acts\": true"), HasSubstr("shop/test")));
  EXPECT_THAT(in("deployments.json"), HasSubstr("rolled_back_verified"));
  EXPECT_THAT(in("records.jsonl"), AllOf(HasSubstr("\"type\":\"step_ended\""), HasSubstr("***")));
  EXPECT_THAT(in("journal.json"), HasSubstr("\"good\": true"));
  EXPECT_THAT(in("metrics.txt"), HasSubstr("backstop_reading{"));
  EXPECT_THAT(in("config.txt"), HasSubstr("service shop/test"));
  EXPECT_THAT(in("daemon/status"), HasSubstr("backstopd"));
  for (const char* file : {"status.json", "deployments.json", "records.jsonl", "metrics.txt", "daemon/"})
    EXPECT_THAT(in("README.txt"), Not(HasSubstr(std::string("- ") + file)));
  EXPECT_EQ(leaks(), "");
}

TEST_F(DaemonBundle, WithTheDaemonDownNamesWhatIsMissing) {
  roll_back_once();
  EXPECT_EQ(stop(SIGKILL), 128 + SIGKILL);
  const Ran made = bundle("down");
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(in("records.jsonl"), AllOf(HasSubstr("\"type\":\"step_ended\""), HasSubstr("***")));
  for (const char* missing :
       {"- status.json: ", "- deployments.json: ", "- metrics.txt: ", "- daemon/: no backstopd runs on this journal"}) {
    EXPECT_THAT(in("README.txt"), HasSubstr(missing));
    EXPECT_THAT(made.out + made.err, HasSubstr(std::string(missing).substr(2)));
  }
  EXPECT_EQ(leaks(), "");
}

} // namespace
} // namespace backstop
