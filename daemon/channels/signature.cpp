#include "daemon/channels/signature.hpp"
#include <array>
#include <nettle/hmac.h>

namespace backstop::channels {

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  hmac_sha256_ctx context{};
  hmac_sha256_set_key(&context, key.size(), reinterpret_cast<const std::uint8_t*>(key.data()));
  hmac_sha256_update(&context, text.size(), reinterpret_cast<const std::uint8_t*>(text.data()));
  hmac_sha256_digest(&context, digest.size(), digest.data());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : digest) {
    hex += digits[byte >> 4U];
    hex += digits[byte & 0xFU];
  }
  return hex;
}

} // namespace backstop::channels
