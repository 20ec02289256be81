#pragma once
#include "tests/fakes/temporary_directory.hpp"
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace backstop {

/// How a program ended and what it printed.
struct Ran {
  int code = -1; ///< exit code; 128 + signal
  std::string out, err;
};

inline int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

/// Runs a program to its end, as a user with a terminal would (the environment is ours).
inline Ran run_program(const std::vector<std::string>& argv, const std::function<bool()>& before_exec = {}) {
  const TemporaryDirectory output;
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const bool ready = std::freopen("/dev/null", "r", stdin) &&
                       std::freopen((output.path() + "/out").c_str(), "w", stdout) &&
                       std::freopen((output.path() + "/err").c_str(), "w", stderr) && (!before_exec || before_exec());
    if (ready) ::execv(words[0], words.data());
    ::_exit(126);
  }
  const auto read = [](const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  int status = 0;
  ::waitpid(child, &status, 0);
  return {code_of(status), read(output.path() + "/out"), read(output.path() + "/err")};
}

} // namespace backstop
