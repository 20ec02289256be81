#pragma once
#include "tests/integration/raw_client.hpp"
#include "tests/integration/raw_server.hpp"
#include "tests/integration/run_program.hpp"
#include "tests/system/shop_world.hpp"
#include <filesystem>
#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace backstop {

/// A channel that keeps what it was told: a real HTTP server at which the daemon posts its notices.
class Pager {
public:
  [[nodiscard]] std::string channel() const { return ", hook: {type: webhook, url: \"" + server_.url() + "\"}"; }
  [[nodiscard]] std::vector<Json> told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  /// How many notices have `text` in their title.
  int count(const std::string& text) {
    int n = 0;
    for (const Json& notice : told()) n += notice.text("title").find(text) != std::string::npos;
    return n;
  }

private:
  std::mutex mutex_;
  std::vector<Json> told_;
  RawServer server_{[this](RawServer::Connection& c) {
    while (const auto request = c.read_request()) {
      Result<Json> body = Json::parse(request->substr(request->find("\r\n\r\n") + 4));
      {
        const std::lock_guard lock(mutex_);
        told_.push_back(body ? *body : Json());
      }
      if (!c.send(http_answer(200, "ok"))) return;
    }
  }};
};

/// The real backstopd beside the made-up shop, as a user runs it: its folder, its two channels (a command and a
/// webhook), backstopctl. Ended by pid with the test. Bounds of time are there for a failing test alone.
class DaemonProcess : public testing::Test {
protected:
  DaemonProcess() {
    std::signal(SIGPIPE, SIG_IGN);
    shop.settings.more_channels = pager.channel();
    shop.bin = BACKSTOP_BIN_DIR;
    ::chmod(shop.dir.c_str(), 0755); // another user comes up to the socket
    shop.prepare();
  }
  ~DaemonProcess() override {
    if (shop.daemon > 0) shop.kill_daemon(SIGKILL);
    if (HasFailure()) std::fprintf(stderr, "the daemon's log:\n%s\n", log().c_str());
  }

  /// Starts it and waits until it answers. False: it ended instead; its exit code is in `ended`.
  [[nodiscard]] bool start() {
    shop.start();
    return until([&] { return !runs() || !status_document().is_null(); }) && runs();
  }
  /// It has not ended; else its exit code is in `ended`.
  [[nodiscard]] bool runs() {
    int status = 0;
    if (shop.daemon < 0 || ::waitpid(shop.daemon, &status, WNOHANG) == 0) return shop.daemon > 0;
    ended = code_of(status), shop.daemon = -1;
    return false;
  }
  int stop(int signal = SIGTERM) { return code_of(shop.kill_daemon(signal)); }
  /// Watched long enough that a deployment may begin, with a version to go back to.
  [[nodiscard]] bool ready_to_deploy() {
    return until([&] { return metrics().find("backstop_reading{") != std::string::npos; }) &&
           ctl({"adopt", "shop", "v0-good", "--reason", "the beginning"}).code == 0;
  }

  /// A version that fails, rolled back and verified: D1.
  void roll_back_once() {
    ASSERT_TRUE(start());
    ASSERT_TRUE(ready_to_deploy());
    ASSERT_EQ(ctl({"deploy", "begin", "--service", "shop", "--version", "v1-bad"}).code, 0);
    write("version", "v1-bad\n");
    ASSERT_EQ(ctl({"deploy", "finish", "D1"}).code, 0);
    ASSERT_EQ(ctl({"deploy", "wait", "D1", "--timeout", "20s"}).code, 3);
  }

  Ran ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {shop.bin + "/backstopctl", "--socket", socket_path()});
    return run_program(words);
  }
  /// Another backstopd with the configuration file `name`; comes back because it is refused.
  Ran daemon_with(const std::string& name) const {
    return run_program({"/usr/bin/timeout", "20", shop.bin + "/backstopd", "--config", shop.dir + "/" + name});
  }
  Result<ControlClient::Answer> ask(const std::string& method, const std::string& path, const std::string& body = "") {
    return ControlClient(socket_path()).request(method, path, body, std::chrono::seconds(10));
  }
  Json status_document() { return shop.ask("GET", "/v1/status"); }
  Json service() { return status_document()["services"].as_array()->front(); }
  [[nodiscard]] bool until(const std::function<bool()>& done) { return shop.until(done, std::chrono::seconds(20)); }

  [[nodiscard]] std::string socket_path() const { return shop.dir + "/control.sock"; }
  [[nodiscard]] std::string log() const { return shop::read_text(shop.dir + "/daemon.log"); }
  /// Titles that the command channel was given, one a line.
  [[nodiscard]] std::string command_told() const { return shop::read_text(shop.dir + "/notices.log"); }
  /// The port that the newest daemon serves its metrics on, as its log says it.
  [[nodiscard]] int metrics_port() const {
    const std::string text = log(), before = "metrics on port ";
    const auto at = text.rfind(before);
    return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + before.size());
  }
  [[nodiscard]] std::string metrics() const {
    RawClient client(metrics_port());
    client.send("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    client.wait_closed(10000);
    return client.received();
  }
  /// Resident memory of the daemon, in KiB.
  [[nodiscard]] long memory_kib() const {
    const std::string text = shop::read_text("/proc/" + std::to_string(shop.daemon) + "/status");
    const auto at = text.find("VmRSS:");
    return at == std::string::npos ? -1 : std::atol(text.c_str() + at + 6);
  }
  void write(const std::string& name, const std::string& text) const { shop::write_file(shop.dir + "/" + name, text); }

  Pager pager;
  shop::World shop;
  int ended = -1;
};

} // namespace backstop
