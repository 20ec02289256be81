#pragma once
#include "daemon/config/config.hpp"
#include "daemon/config/faults.hpp"
#include <string>
#include <vector>

namespace backstop::config {

/// What check-config prints: everything as it was understood, defaults included, in at most 100 columns a line where
/// the configuration's own words allow. Secrets are named, never shown.
std::string show_config(const Config& config);
std::string show_daemon(const Daemon& daemon);
std::string show_service(const Service& service);

/// One fault a line, as text_of gives it, each with `prefix` before it.
std::string show_faults(const std::vector<Fault>& faults, const std::string& prefix = "");

/// "credential oncall-url", "file /etc/x", "inline, host 127.0.0.1:8080", "none".
std::string show_secret(const Secret& secret);

} // namespace backstop::config
