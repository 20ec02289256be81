#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/render.hpp"
#include "daemon/io/control_client.hpp"
#include <chrono>
#include <cstdio>
#include <thread>
#include <unistd.h>

namespace backstop::ctl {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr Duration kAnswerTimeout = std::chrono::seconds(120); ///< `deploy begin` waits for the preflight commands
constexpr Duration kPollTimeout = std::chrono::seconds(5);
constexpr auto kPoll = std::chrono::milliseconds(500);
constexpr auto kRestartTolerance = std::chrono::seconds(30);

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int exit_code_of(int status) {
  if (status < 400) return kDone;
  return status == 403 || status == 409 || status == 503 ? kRefused : kInputError;
}

/// Follows a deployment: one live line on a terminal, plain lines when something changes elsewhere.
class Follower {
public:
  explicit Follower(const Invocation& invocation)
      : invocation_(invocation), live_(::isatty(STDOUT_FILENO) != 0 && !invocation.json) {}
  ~Follower() { clear(); }
  void show(const Json& document) {
    if (invocation_.json) return;
    const std::string line = progress_line(document, {live_ && use_color(invocation_)});
    if (live_) {
      print("\r\033[K" + line);
      std::fflush(stdout);
      shown_ = true;
    } else if (const std::string change =
                   document["deployment"].text("phase") + document["service"].text("level") + current_step(document);
               change != last_) {
      last_ = change;
      print(line + "\n");
      std::fflush(stdout);
    }
  }
  void clear() {
    if (shown_) print("\r\033[K");
    shown_ = false;
  }

private:
  static std::string current_step(const Json& document) {
    if (const Json::Array* steps = document["deployment"]["steps"].as_array()) {
      for (const Json& step : *steps) {
        if (step.text("status") == "running") return step.text("path");
      }
    }
    return "";
  }
  const Invocation& invocation_;
  bool live_;
  bool shown_ = false;
  std::string last_;
};

int finish_wait(const Invocation& invocation, const Json& document, const Outcome& outcome) {
  if (invocation.json) {
    print(document["deployment"].dump(2) + "\n");
  } else {
    print(outcome.text + "\n");
  }
  return outcome.exit_code;
}

bool is_held(const Json& document) {
  return !document["service"]["hold"].is_null() && document["deployment"].text("decision") == "RollBack";
}

} // namespace

void complain(const std::string& text) { std::fprintf(stderr, "backstopctl: %s\n", text.c_str()); }

bool use_color(const Invocation& invocation) { return invocation.color && ::isatty(STDOUT_FILENO) != 0; }

int run_call(const Invocation& invocation, const Call& call) {
  const ControlClient client(invocation.socket);
  const std::string body = call.method == "POST" ? call.body.dump() : "";
  const Result<ControlClient::Answer> answer = client.request(call.method, call.path, body, kAnswerTimeout);
  if (!answer) {
    complain(answer.error().what);
    return answer.error().code == Errc::timeout ? kTimeout : kUnreachable;
  }
  const Result<Json> document = Json::parse(answer->body);
  if (!document && answer->status >= 400) { // refused before it was read: one line of plain text
    complain("the daemon refused the request: " + answer->body.substr(0, answer->body.find('\n')) + " (status " +
             std::to_string(answer->status) + (answer->status == 503 ? "; try again, or end other clients)" : ")"));
    return answer->status == 503 ? kUnreachable : kInputError;
  }
  if (!document) {
    complain("the daemon's answer is not understood: " + document.error().what);
    return kUnreachable;
  }
  const int code = exit_code_of(answer->status);
  if (invocation.json) {
    print(document->dump(2) + "\n");
  } else if (code != kDone) {
    complain(render_error(printable(*document)));
  } else {
    print(render(call.page, printable(*document), {use_color(invocation)}));
    if (!call.done.empty()) print(call.done + "\n");
  }
  return code;
}

int run_wait(const Invocation& invocation, const Wait& wait) {
  const ControlClient client(invocation.socket);
  const auto start = SteadyClock::now();
  auto last_answer = start;
  bool told_down = false;
  Follower follower(invocation);
  for (;;) {
    const auto answer = client.request("GET", "/v1/deployments/" + ControlClient::encoded(wait.id), "", kPollTimeout);
    const Result<Json> document = answer ? Json::parse(answer->body) : Result<Json>(answer.error());
    if (document && answer->status >= 400) {
      follower.clear();
      complain(render_error(*document));
      return exit_code_of(answer->status);
    }
    if (document) {
      last_answer = SteadyClock::now();
      told_down = false;
      follower.show(printable(*document));
      if (const Outcome outcome = outcome_of(printable(*document), wait.whole_bake); outcome.exit_code >= 0) {
        follower.clear();
        return finish_wait(invocation, *document, outcome);
      }
    } else if (SteadyClock::now() - last_answer > kRestartTolerance) {
      follower.clear();
      complain(document.error().what);
      return kUnreachable;
    } else if (!std::exchange(told_down, true)) {
      follower.clear();
      complain("the daemon does not answer; waiting up to 30s for it to come back");
    }
    if (wait.timeout != Duration{} && SteadyClock::now() - start >= wait.timeout) {
      follower.clear();
      const bool held = document && is_held(*document);
      complain(held ? wait.id + " is held: a rollback was decided and is not carried out"
                    : wait.id + " is not decided yet; it goes on without this command");
      return held ? kUndecided : kTimeout;
    }
    std::this_thread::sleep_for(kPoll);
  }
}

} // namespace backstop::ctl
