#pragma once
#include <array>
#include <cstdint>

namespace backstop {

/// Classes of the bytes that names are made of. Tables, because they are asked for every byte of a scrape.
namespace chars {
inline constexpr std::uint8_t kNameStart = 1, kName = 2, kLabelStart = 4, kLabel = 8, kBlank = 16;
constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    unsigned bits = 0;
    if (letter) bits |= kNameStart | kName | kLabelStart | kLabel;
    if (digit) bits |= kName | kLabel;
    if (c == ':') bits |= kNameStart | kName;
    if (c == ' ' || c == '\t') bits |= kBlank;
    table[c] = static_cast<std::uint8_t>(bits);
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kClasses = make_classes();
constexpr bool is(char c, std::uint8_t bits) { return (kClasses[static_cast<unsigned char>(c)] & bits) != 0; }
} // namespace chars

constexpr bool is_name_start(char c) { return chars::is(c, chars::kNameStart); }
constexpr bool is_name_char(char c) { return chars::is(c, chars::kName); }
constexpr bool is_label_start(char c) { return chars::is(c, chars::kLabelStart); }
constexpr bool is_label_char(char c) { return chars::is(c, chars::kLabel); }
constexpr bool is_blank(char c) { return chars::is(c, chars::kBlank); }

} // namespace backstop
