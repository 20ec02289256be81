#pragma once
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace backstop::bench {

/// A program beside the bench, with pipes to its standard input and from its output. Ended by pid with this object.
class Program {
public:
  explicit Program(const std::vector<std::string>& argv) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      std::vector<char*> words;
      for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
      words.push_back(nullptr);
      if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) ::_exit(126);
      if (::dup2(in[0], STDIN_FILENO) >= 0 && ::dup2(out[1], STDOUT_FILENO) >= 0) ::execv(words[0], words.data());
      ::_exit(127);
    }
    ::close(in[0]), ::close(out[1]);
    in_ = in[1], out_ = out[0];
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    (void)end();
    ::close(in_), ::close(out_);
  }
  void tell(const std::string& text) const { (void)!::write(in_, text.data(), text.size()); }
  [[nodiscard]] std::string line() const {
    std::string text;
    for (char c = 0; ::read(out_, &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  /// Asks it to end, and gives the rest of what it printed.
  std::string end() {
    if (pid_ <= 0) return "";
    ::kill(pid_, SIGTERM);
    std::string text;
    for (std::string next = line(); !next.empty(); next = line()) text += (text.empty() ? "" : "\n") + next;
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
    return text;
  }

private:
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
};

} // namespace backstop::bench
