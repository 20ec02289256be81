#pragma once
#include "collectors/http_fetcher.hpp"
#include "daemon/config/config.hpp"
#include <string>
#include <vector>

namespace backstop::channels::test {

/// What the service of a kind of channel would refuse in `request`, by its published rules as they are restated here:
/// required members, enumerations, lengths. Empty: nothing.
std::vector<std::string> breaches(config::ChannelType type, const HttpRequest& request);

/// The same of a mail by RFC 5322, 2045 and 2047.
std::vector<std::string> breaches_of_mail(const std::string& message);

} // namespace backstop::channels::test
