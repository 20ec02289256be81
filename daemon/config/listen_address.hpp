#pragma once
#include <cstdint>
#include <string>

namespace backstop::config {

/// HOST:PORT of a listener, as far as a file can tell.
struct ListenAddress {
  std::string host; ///< an address of IPv6 in its brackets
  std::string port;
  [[nodiscard]] bool ok() const;
  /// Nobody reaches it from elsewhere. A name that only looks like an address of loopback is none.
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] std::string bare_host() const; ///< without brackets
  [[nodiscard]] std::uint16_t number() const;  ///< of the port; of one that is ok()
};
ListenAddress listen_address(const std::string& listen);

} // namespace backstop::config
