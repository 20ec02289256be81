#pragma once
#include "daemon/traffic/deadline.hpp"
#include "daemon/traffic/weights.hpp"
#include "rules/result.hpp"
#include <string>

namespace backstop::traffic {

/// Where the servers of both sides are.
struct HaproxyPlace {
  std::string socket; ///< of the runtime API: a path or "host:port"
  std::string backend;
};

/// Sets the weights, and reads them back; what is so already is left alone. Waits within the deadline for servers that are
/// DOWN to come up, as one just started is until its health check has seen it. The result says what is in force.
Result<std::string> set_by_haproxy(const HaproxyPlace& place, const Split& split, const Deadline& deadline);
/// Whether exactly these weights are in force. Changes nothing, waits for nothing. Error: they are not, or cannot be asked.
Result<std::string> check_by_haproxy(const HaproxyPlace& place, const Split& split, const Deadline& deadline);

} // namespace backstop::traffic
