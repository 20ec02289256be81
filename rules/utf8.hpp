#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace backstop {

/// One character of well-formed UTF-8 (RFC 3629; table 3-7 of Unicode).
struct Utf8Character {
  std::size_t bytes = 0; ///< 0: none begins there
  std::uint32_t code = 0;
};

/// The character that begins at `at`. None: at the end, and where bytes are overlong, a surrogate, beyond U+10FFFF or cut.
inline Utf8Character utf8_at(std::string_view text, std::size_t at = 0) {
  if (at >= text.size()) return {};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {1, first};
  const std::size_t bytes = first >= 0xC2 && first < 0xE0    ? 2
                            : first >= 0xE0 && first < 0xF0  ? 3
                            : first >= 0xF0 && first <= 0xF4 ? 4
                                                             : 0;
  if (bytes == 0 || text.size() - at < bytes) return {};
  std::uint32_t code = first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    code = code << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return code < least[bytes] || surrogate || code > 0x10FFFF ? Utf8Character{} : Utf8Character{bytes, code};
}

} // namespace backstop
