#pragma once
#include "daemon/io/step_files.hpp"
#include "daemon/runner_protocol.hpp"
#include <atomic>
#include <csignal>
#include <cstring>
#include <map>
#include <mutex>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <vector>

namespace backstop {

/// A backstop-runner without systemd and without configuration: the same socket and protocol, the same directories of
/// steps, and `backstop-step --unit` as its child. The commands are put in beforehand.
class LocalRunner {
public:
  explicit LocalRunner(const std::string& directory, std::string supervisor)
      : directory_(directory), supervisor_(std::move(supervisor)), files_(*StepFiles::open(directory)) {
    listener_ = bound(SOCK_SEQPACKET, socket());
    ::listen(listener_.get(), 16);
    notify_ = bound(SOCK_DGRAM, directory_ + "/notify");
    thread_ = std::thread([this] { serve(); });
  }
  ~LocalRunner() {
    ending_ = true;
    thread_.join();
    for (const pid_t pid : children_) ::waitpid(pid, nullptr, WNOHANG);
  }
  [[nodiscard]] std::string socket() const { return directory_ + "/runner"; }
  void know(const StepKey& key, const StepCommand& command) {
    const std::lock_guard lock(mutex_);
    commands_[key.text()] = command;
  }
  /// Until nobody waits for an answer.
  void wait_until_idle() {
    const step::Fd connection(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
    RunnerRequest request;
    request.what = RunnerRequest::What::settle;
    const std::string text = text_of(request);
    char reply[1024];
    ::connect(connection.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    [[maybe_unused]] const ssize_t n = ::recv(connection.get(), reply, sizeof reply, 0);
  }
  /// From now on a request is taken and never answered: the connection is closed, before or after the step was started.
  void die_instead_of_answering(bool after_the_start) { dies_ = after_the_start ? 2 : 1; }

private:
  static step::Fd bound(int type, const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    step::Fd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    return fd;
  }
  void serve() {
    while (!ending_) {
      pollfd p{listener_.get(), POLLIN, 0};
      if (::poll(&p, 1, 20) <= 0) continue;
      const step::Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      std::string text(kRunnerPacketLimit, '\0');
      const ssize_t n = ::recv(connection.get(), text.data(), text.size(), 0);
      if (n <= 0 || dies_ == 1) continue;
      const Result<RunnerRequest> request =
          runner_request(std::string_view(text).substr(0, static_cast<std::size_t>(n)));
      const std::string reply =
          text_of(request ? answer(*request) : RunnerReply{RunnerReply::Result::failed, request.error().what});
      if (dies_ == 0) ::send(connection.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    }
  }
  RunnerReply answer(const RunnerRequest& request) {
    if (request.what == RunnerRequest::What::forget && !files_.control(request.key)) files_.forget(request.key);
    if (request.what != RunnerRequest::What::start) return {};
    const std::lock_guard lock(mutex_);
    const Status claimed = files_.claim(request.key, commands_[request.key.text()]);
    if (!claimed)
      return {claimed.error().code == Errc::refused ? RunnerReply::Result::refused : RunnerReply::Result::failed,
              claimed.error().what};
    std::string option = "--unit", path = files_.path_of(request.key),
                notify = "NOTIFY_SOCKET=" + directory_ + "/notify";
    char* argv[] = {supervisor_.data(), option.data(), path.data(), nullptr};
    char* environment[] = {notify.data(), nullptr};
    pid_t pid = 0;
    ::posix_spawn(&pid, supervisor_.c_str(), nullptr, nullptr, argv, environment);
    children_.push_back(pid);
    char ready[16];
    pollfd p{notify_.get(), POLLIN, 0};
    if (::poll(&p, 1, 10'000) > 0 && ::recv(notify_.get(), ready, sizeof ready, 0) == 7) return {};
    files_.unclaim(request.key);
    return {RunnerReply::Result::failed, "it was not ready"};
  }

  std::string directory_, supervisor_;
  StepFiles files_;
  step::Fd listener_, notify_;
  std::mutex mutex_;
  std::map<std::string, StepCommand> commands_;
  std::vector<pid_t> children_;
  std::atomic<bool> ending_ = false;
  std::atomic<int> dies_ = 0;
  std::thread thread_;
};

} // namespace backstop
