#pragma once
#include "daemon/json.hpp"
#include "daemon/operator.hpp"
#include "rules/result.hpp"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// The command of a POST to `path` ("/v1/hold", "/v1/deployments/D1/finish") with its JSON body. Errc::not_found: there
/// is no such route. Errc::invalid: the body is wrong; the text says what and how to mend it.
Result<Command> command_of(std::string_view path, const Json& body);

/// "/v1/deployments/D1/finish" → {"v1", "deployments", "D1", "finish"}
std::vector<std::string> segments_of(std::string_view path);

} // namespace backstop
