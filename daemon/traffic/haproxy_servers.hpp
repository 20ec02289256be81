#pragma once
#include "rules/result.hpp"
#include <string>
#include <string_view>
#include <vector>

/// What HAProxy says about the servers of a backend. Pure.
namespace backstop::traffic {

/// Whether a server is given traffic, apart from its weight.
enum class Standing {
  up,       ///< healthy, or not checked
  down,     ///< by its health check
  stopping, ///< its health check asks that it gets no new traffic
  drain,    ///< a person drains it
  maint,    ///< a person took it out, or its name does not resolve
};
/// "UP", "DOWN" ...: as HAProxy's own pages write it.
std::string_view name_of(Standing standing);

struct Server {
  std::string name;
  Standing standing = Standing::down;
  int weight = 0;      ///< the one that was set last, 0 to 256
  bool backup = false; ///< gets traffic only where no other one can
};

/// From the answers to `show servers state BACKEND`, form 1, and `show stat BACKEND 4 -1`. The first tells a drained server
/// from one of weight 0 and the second which ones are backups; neither tells both.
/// Error: HAProxy's own words where it refused, else what is not understood.
Result<std::vector<Server>> read_servers(std::string_view state, std::string_view stat, const std::string& backend);

/// Why a command was refused, as HAProxy says it, and how to mend it.
Error refusal(std::string_view answer, const std::string& backend);

} // namespace backstop::traffic
