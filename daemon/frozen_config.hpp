#pragma once
#include "daemon/config/config.hpp"
#include "rules/result.hpp"
#include <string>

namespace backstop {

/// A service's file that was kept by itself, read again, with its text and hash. `label` stands for its path in a fault.
Result<config::Service> service_of_text(const std::string& text, const std::string& label);

/// The file that was frozen into the record of a deployment of `service`.
Result<config::Service> read_frozen(const std::string& text, const std::string& service);

} // namespace backstop
