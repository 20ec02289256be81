#pragma once
#include "daemon/api_commands.hpp"
#include <string>
#include <string_view>

/// What holds for any path and body on the control socket: shared by the fuzzer and the replay of its corpus.
namespace backstop::fuzz {

/// The rule that is broken, empty when all hold. The input is the path, a line break, and the body.
inline std::string check_control_request(std::string_view data) {
  const std::size_t line = data.find('\n');
  const std::string path(data.substr(0, line));
  const std::string body(line == data.npos ? std::string_view{} : data.substr(line + 1));
  for (const std::string& segment : segments_of(path)) {
    if (segment.empty() || segment.find('/') != segment.npos) return "a segment is what stands between slashes";
  }
  const Result<Json> json = Json::parse(body.empty() ? "{}" : body);
  if (!json) return "";
  const Result<Command> command = command_of(path, *json);
  if (command) return "";
  const std::string& why = command.error().what;
  if (command.error().code != Errc::invalid && command.error().code != Errc::not_found) return "two kinds of refusal";
  return why.empty() ? "a refusal says why" : "";
}

} // namespace backstop::fuzz
