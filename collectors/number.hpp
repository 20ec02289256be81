#pragma once
#include <cstdint>
#include <string_view>

namespace backstop {

/// A number as expositions write it: decimal or scientific, one leading sign, and the words Inf, Infinity and NaN in any
/// case (NaN without a sign). No hex, no underscores, no "nan(1)". Too small a number is 0, too large a one is infinite
/// (the hygiene of SampleStore drops it): neither is worth losing a scrape for. False: not a number; `out` is untouched.
bool parse_number(std::string_view text, double& out);

/// A whole number with an optional sign. False: not one, or outside of 64 bits.
bool parse_integer(std::string_view text, std::int64_t& out);

/// True when `text` is well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view text);

/// Code points in well-formed UTF-8.
std::size_t count_code_points(std::string_view text);

} // namespace backstop
