#include "daemon/config/listen_address.hpp"

namespace backstop::config {

bool ListenAddress::ok() const {
  const bool digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  return !host.empty() && digits && std::stoi(port) <= 65535;
}

bool ListenAddress::is_loopback() const {
  const bool v4 = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  return v4 || host == "[::1]" || host == "localhost";
}

std::string ListenAddress::bare_host() const {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

std::uint16_t ListenAddress::number() const { return static_cast<std::uint16_t>(std::stoi(port)); }

ListenAddress listen_address(const std::string& listen) {
  const auto colon = listen.rfind(':');
  return colon == std::string::npos ? ListenAddress{}
                                    : ListenAddress{listen.substr(0, colon), listen.substr(colon + 1)};
}

} // namespace backstop::config
