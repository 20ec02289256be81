#pragma once
#include "daemon/api.hpp"
#include "daemon/config/config.hpp"
#include "daemon/web.hpp"
#include <optional>

namespace backstop {

/// Who is at the other end of the control socket, and what the groups of the configuration let them do: see, act, sign as a
/// role. Root does all. Who may sign may see.
Caller caller_of(const std::optional<web::Peer>& peer, const config::Daemon& daemon);

} // namespace backstop
