#pragma once
#include "daemon/config/config.hpp"
#include <string>
#include <vector>

namespace backstop {

/// What a notice is about, as routes look at it.
struct NoticeSubject {
  std::string severity; ///< info, alert, critical, resolved
  std::string service;  ///< key, "shop/production"; empty: the daemon itself
  std::string kind;     ///< of the deployment; may be empty
};

/// The channels that `names` stand for: a channel for itself, a role for its channels; each once, in the order of the
/// configured channels. Names that are neither are left out: check-config has said so.
std::vector<std::string> channels_of(const config::Daemon& daemon, const std::vector<std::string>& names);

/// Who is to hear of `subject`: all whom a route that fits it names; every channel, where none fits. "resolved" fits routes
/// for alert and critical: whoever heard of trouble hears of its end.
std::vector<std::string> recipients(const config::Daemon& daemon, const NoticeSubject& subject);

} // namespace backstop
