#pragma once
#include "daemon/runner_protocol.hpp"
#include "daemon/step_order.hpp"
#include <algorithm>
#include <string>
#include <string_view>

/// What holds for any bytes on the socket of the privileged runner: shared by the fuzzer and the replay of its corpus.
namespace backstop::fuzz {

/// A service and a channel in which every act and every placeholder exists, so that whatever passes becomes a command.
inline config::Service fuzzed_service() {
  config::Service service;
  service.service = "shop";
  service.running_version = config::Command{{"/bin/version"}, std::chrono::seconds(1)};
  service.deploy_lock = "/run/lock/shop";
  config::RunStep run;
  run.argv = {"/bin/deploy",        "{service}",    "{environment}", "{version}",
              "{previous_version}", "{deployment}", "{incident}",    "--because={reason}"};
  run.check = config::Command{{"/bin/is-at", "{previous_version}"}, std::chrono::seconds(1)};
  run.preflight = config::Command{{"/bin/there"}, std::chrono::seconds(1)};
  config::Step step;
  step.path = "1";
  step.name = "execute";
  step.kind = run;
  service.rollback = {step};
  return service;
}

/// The rule that is broken, empty when all hold.
inline std::string check_runner_request(std::string_view data) {
  const std::string text(data); // a copy of its exact size, so that reading past its end is seen
  const Result<RunnerRequest> request = runner_request(text);
  if (!request) {
    const std::string& why = request.error().what;
    return why.empty() || why.size() > 600 || why.find('\n') != std::string::npos ? "a refusal is one short line" : "";
  }
  const Result<RunnerRequest> again = runner_request(text_of(*request));
  if (!again) return "what was written reads back";
  if (text_of(*again) != text_of(*request)) return "and is the same request";
  if (request->what != RunnerRequest::What::start) return "";
  if (request->key.attempt < 1) return "attempts count from 1";
  const config::Service service = fuzzed_service();
  const Result<StepCommand> command = request->order.act == StepOrder::Act::channel
                                          ? Result<StepCommand>(fail(Errc::not_found, "no channel here"))
                                          : command_for(service, request->order);
  if (!command) return "";
  if (command->argv.front().rfind("/bin/", 0) != 0) return "the program is the configured one";
  for (std::size_t i = 1; i < command->argv.size(); ++i) {
    const std::string& argument = command->argv[i];
    if (argument.rfind("--because=", 0) == 0) continue;
    if (argument.rfind('-', 0) == 0 || argument.find('/') != argument.npos)
      return "no field becomes an option or a path";
  }
  for (const auto& [name, value] : command->environment) {
    if (name != "PATH" && name != "LANG" && name.rfind("BACKSTOP_", 0) != 0) return "no variable comes from a request";
    if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20; }))
      return "no control characters in a variable";
  }
  return "";
}

} // namespace backstop::fuzz
