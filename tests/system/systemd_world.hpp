#pragma once
#include "tests/integration/daemon_process.hpp"
#include <grp.h>
#include <pwd.h>

namespace backstop {

/// The installed backstop in a booted systemd, beside the made-up shop: its units, its user, its places. A test begins with
/// the units started and v0-good adopted. Only inside tests/system/boot-systemd: it writes all over the machine.
class SystemdWorld : public testing::Test {
protected:
  static void SetUpTestSuite() {
    ASSERT_EQ(sh("cmake --install " BACKSTOP_BUILD_DIR
                 " --prefix /usr >/dev/null && systemd-sysusers && systemd-tmpfiles --create && "
                 "systemctl daemon-reload")
                  .code,
              0);
  }
  SystemdWorld() {
    ::setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    ::chmod(shop.dir.c_str(), 0755);
    shop.prepare();
    sh("systemctl stop backstopd.service backstop-runner.service backstopd.socket backstop-runner.socket; "
       "rm -rf /var/lib/backstop /var/lib/backstop-runner /etc/backstop; systemd-tmpfiles --create; mkdir -p "
       "/etc/backstop/services.d");
    shop::write_file("/etc/backstop/backstop.yaml", "metrics: {listen: \"127.0.0.1:0\"}\n"
                                                    "limits: {concurrent_rollbacks: 1, rollbacks: 100000 per 24h}\n"
                                                    "channels: {oncall: {type: command, argv: [" +
                                                        shop.dir + "/notify]}}\n");
    write_service(shop.service_file());
  }
  ~SystemdWorld() override {
    if (HasFailure()) std::fputs(sh("journalctl -b --no-pager -o short-precise | tail -n 60").out.c_str(), stderr);
    sh("systemctl stop backstopd.service backstop-runner.service backstopd.socket backstop-runner.socket");
  }

  static Ran sh(const std::string& command) { return run_program({"/bin/sh", "-c", command}); }
  static Ran ctl(const std::string& words) { return sh("backstopctl " + words); }
  static void write_service(const std::string& text) { shop::write_file("/etc/backstop/services.d/shop.yaml", text); }
  static std::string property(const std::string& unit, const std::string& name) {
    std::string text = sh("systemctl show --value -p " + name + " " + unit).out;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

  void start() {
    const Ran started = sh("systemctl start backstop-runner.socket backstopd.socket backstopd.service");
    ASSERT_EQ(started.code, 0) << started.err;
  }
  void start_and_adopt() {
    start();
    ASSERT_TRUE(shop.until([] { return ctl("adopt shop v0-good --reason first").code == 0; },
                           std::chrono::milliseconds(10'000)));
    // Nothing can begin before the service was measured.
    ASSERT_TRUE(shop.until([] { return ctl("status").out.find("BLIND") == std::string::npos; },
                           std::chrono::milliseconds(10'000)));
  }
  /// A version that fails is deployed and under watch; gives its id.
  std::string deploy_bad() {
    Ran begun;
    shop.until(
        [&] {
          begun = ctl("deploy begin --service shop --version v1-bad");
          return begun.code == 0;
        },
        std::chrono::milliseconds(10'000));
    EXPECT_EQ(begun.code, 0) << begun.err;
    std::string id = begun.out.substr(0, begun.out.find('\n'));
    shop::write_file(shop.dir + "/version", "v1-bad\n");
    EXPECT_EQ(ctl("deploy finish " + id).code, 0);
    return id;
  }
  /// How often a step ran, as it says itself.
  int ran(const std::string& step) const {
    const std::string log = shop::read_text(shop.dir + "/steps.log");
    int n = 0;
    for (std::size_t at = 0; (at = log.find(" " + step + " ", at)) != std::string::npos; ++at) ++n;
    return n;
  }
  /// The script of `execute` waits so long before it does its work.
  void slow_execute(int seconds) const {
    std::string text = shop::read_text(shop.dir + "/execute");
    text.insert(text.find("sleep 0.05"), "sleep " + std::to_string(seconds) + "\n");
    shop::write_file(shop.dir + "/execute", text, 0755);
  }
  bool until(const std::function<bool()>& done, int seconds = 20) {
    return shop.until(done, std::chrono::milliseconds(seconds * 1000));
  }

  shop::World shop;
};

} // namespace backstop
