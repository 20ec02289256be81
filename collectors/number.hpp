#pragma once
#include <cstdint>
#include <string_view>

namespace backstop {

/// A number as expositions write it: decimal or scientific, one leading sign, and the words Inf, Infinity and NaN in any
/// case (NaN without a sign). No hex, no underscores, no "nan(1)". Too small a number is 0, too large a one is infinite
/// (the hygiene of SampleStore drops it): neither is worth losing a scrape for. False: not a number; `out` is untouched.
bool parse_number(std::string_view text, double& out);

/// The end of the number that begins at `at`, if it is as short as nearly all are: at most 15 digits, without '+', perhaps
/// with a point and an exponent. Null: it is not; parse_number() may still read it. Bytes before `end` are looked at.
/// What follows may belong to the number ("1e"): whoever calls wants to see a blank or a newline there.
const char* read_short_number(const char* at, const char* end, double& out);

/// A whole number with an optional sign. False: not one, or outside of 64 bits.
bool parse_integer(std::string_view text, std::int64_t& out);

/// True when `text` is well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view text);

/// Code points in well-formed UTF-8.
std::size_t count_code_points(std::string_view text);

} // namespace backstop
