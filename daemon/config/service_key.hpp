#pragma once
#include <string_view>

namespace backstop::config {

/// Parts of a key as Service::key() makes it, "shop/production": "shop" and "production". No environment: "".
inline std::string_view service_in(std::string_view key) { return key.substr(0, key.rfind('/')); }
inline std::string_view environment_in(std::string_view key) {
  const auto slash = key.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : key.substr(slash + 1);
}

} // namespace backstop::config
