#pragma once
#include "daemon/channel_notifier.hpp"
#include "daemon/config/read.hpp"
#include "rules/result.hpp"
#include <cstddef>
#include <string>

namespace backstop {

/// A whole regular file, at most `max_bytes`. Errors name the path and the system's reason.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

/// The real files behind the configuration reader.
config::Files config_files();

/// Secrets from $CREDENTIALS_DIRECTORY (set by systemd) or from files; a final newline is taken off.
ReadSecret secret_reader();

/// Whether this process could write the file now, without touching it.
Status check_writable(const std::string& path);

/// Where a symbolic link points to.
Result<std::string> read_link(const std::string& path);

/// Boot id of the host; "unknown" where there is none to read.
std::string boot_id();
/// The host's name as the kernel knows it; "localhost" where it has none.
std::string host_name();

/// Makes the directory of `path` if only its last part is missing.
Status ensure_parent(const std::string& path, unsigned mode = 0750);

} // namespace backstop
