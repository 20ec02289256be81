#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/terminal.hpp"
#include <chrono>
#include <cstdio>
#include <thread>

namespace backstop::ctl {
namespace {

constexpr Duration kAnswerTimeout = std::chrono::seconds(120); ///< `deploy begin` waits for the preflight commands
constexpr Duration kPollTimeout = std::chrono::seconds(5);
constexpr auto kPoll = std::chrono::milliseconds(500);

void print_to(std::FILE* file, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

} // namespace

void print(const Said& said) {
  print_to(stdout, said.out);
  print_to(stderr, said.err);
}

Said run_call(const Invocation& invocation, const Call& call) {
  const ControlClient client(invocation.socket);
  const std::string body = call.method == "POST" ? call.body.dump() : "";
  return said_of(invocation, call, client.request(call.method, call.path, body, kAnswerTimeout),
                 terminal_style(invocation));
}

int run_wait(const Invocation& invocation, const Wait& wait) {
  const ControlClient client(invocation.socket);
  const std::string path = "/v1/deployments/" + ControlClient::encoded(wait.id);
  const auto start = std::chrono::steady_clock::now();
  Following following(invocation, wait, terminal_style(invocation), on_terminal());
  for (;;) {
    const auto answer = client.request("GET", path, "", kPollTimeout);
    const Following::Step step =
        following.on_answer(answer, std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start));
    print({0, step.out, step.err});
    if (step.exit_code) return *step.exit_code;
    std::this_thread::sleep_for(kPoll);
  }
}

} // namespace backstop::ctl
