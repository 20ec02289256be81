#pragma once
#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace backstop {

/// A server that a test starts, as another user where the test runs as root. Killed at the end.
class ServerProcess {
public:
  ServerProcess() = default;
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() { end(SIGKILL); }

  static std::string as(const std::string& user, const std::string& command) {
    return geteuid() == 0 ? "setpriv --reuid=" + user + " --regid=" + user + " --init-groups " + command : command;
  }
  /// What it says goes to the file `output`.
  void start(const std::string& user, const std::string& command, const std::string& output) {
    const std::string line = "cd / && exec " + as(user, command) + " >" + output + " 2>&1 </dev/null";
    pid_ = fork();
    if (pid_ == 0) {
      sigset_t none; // a loop of the test may have blocked signals
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
      _exit(127);
    }
  }
  [[nodiscard]] bool ended() const { return waitpid(pid_, nullptr, WNOHANG) != 0; }
  void end(int signal) {
    if (pid_ <= 0) return;
    kill(pid_, signal);
    kill(pid_, SIGCONT);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  /// It keeps its connections and says nothing more until resume().
  void hold() const {
    kill(pid_, SIGSTOP);
    waitpid(pid_, nullptr, WUNTRACED);
  }
  void resume() const { kill(pid_, SIGCONT); }

private:
  pid_t pid_ = -1;
};

} // namespace backstop
