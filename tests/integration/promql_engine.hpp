#pragma once
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/raw_server.hpp"
#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace backstop {

/// A real engine of PromQL of the test's own, which scrapes the given ports of 127.0.0.1 five times a second, as job
/// "shop". Gone at the end.
class PromqlEngine {
public:
  enum class Kind { prometheus, victoria_metrics };

  PromqlEngine(Kind kind, const std::vector<int>& ports) : port_(free_port()) {
    const std::string config = directory_.path() + "/scrape.yml", listen = "127.0.0.1:" + std::to_string(port_);
    std::string targets;
    for (const int port : ports)
      targets += (targets.empty() ? "" : ", ") + ("'127.0.0.1:" + std::to_string(port)) + "'";
    std::ofstream(config) << "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"
                          << "scrape_configs:\n  - job_name: shop\n    static_configs: [{targets: [" << targets
                          << "]}]\n";
    if (kind == Kind::prometheus) {
      start({"/usr/bin/prometheus", "--config.file=" + config, "--storage.tsdb.path=" + directory_.path() + "/data",
             "--web.listen-address=" + listen});
      await("/-/ready");
    } else {
      start({"/usr/bin/victoria-metrics", "-promscrape.config=" + config,
             "-storageDataPath=" + directory_.path() + "/data", "-httpListenAddr=" + listen,
             "-search.latencyOffset=1s"}); // else ranges end half a minute ago
      await("/health");
    }
  }
  ~PromqlEngine() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  PromqlEngine(const PromqlEngine&) = delete;
  PromqlEngine& operator=(const PromqlEngine&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
  static int free_port() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    close(fd);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
  }
  void start(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    const std::string log = directory_.path() + "/log";
    posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    const int failed = posix_spawn(&pid_, argv[0], &files, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (failed != 0) throw std::runtime_error(words[0] + " cannot be started: is its package installed?");
  }
  void await(const std::string& path) const {
    for (int i = 0; i < 300; ++i) { // the bound is there for a failing test alone
      if (answers(path)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    std::ifstream log(directory_.path() + "/log");
    throw std::runtime_error("the engine does not come up:\n" + std::string(std::istreambuf_iterator<char>(log), {}));
  }
  [[nodiscard]] bool answers(const std::string& path) const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    bool good = false;
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
      char answer[16] = {};
      good = send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0 && recv(fd, answer, 12, MSG_WAITALL) == 12 &&
             std::string(answer).find(" 200") != std::string::npos;
    }
    close(fd);
    return good;
  }

  TemporaryDirectory directory_;
  int port_;
  pid_t pid_ = -1;
};

} // namespace backstop
