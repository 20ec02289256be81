#pragma once
#include <string>
#include <string_view>

namespace backstop::channels {

/// HMAC-SHA256 (RFC 2104) in hexadecimal digits.
std::string hmac_sha256_hex(std::string_view key, std::string_view text);

} // namespace backstop::channels
