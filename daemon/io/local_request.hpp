#pragma once
#include "collectors/http_fetcher.hpp"
#include <optional>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace backstop {

/// A plain GET to this host, as it is sent.
struct LocalRequest {
  std::string place; ///< "127.0.0.1:9100", "/run/app.sock": connections to one place are alike
  std::string text;

  struct Address {
    sockaddr_storage of{};
    socklen_t size = 0;
  };
  /// Where to connect to, in the order to try: "localhost" is [::1] and 127.0.0.1, here as everywhere (RFC 6761).
  [[nodiscard]] std::vector<Address> addresses() const;
};

/// Nothing where `request` is anything else: TLS, another host, another method, a password, an odd header, or something
/// that is no URL. Who makes those exchanges says what is wrong with them.
std::optional<LocalRequest> local_request(const HttpRequest& request);

} // namespace backstop
