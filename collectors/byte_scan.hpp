#pragma once
#include "collectors/name_chars.hpp"
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Steps over runs of bytes: what reading an exposition spends its time with. One meaning, two implementations: `portable`,
/// a byte at a time, and `sse2`, 16 at a time, for x86-64, where every processor has it. Why not wider:
/// docs/decisions/0044-byte-scanning.md. All of them look at nothing but the bytes [at, end), and give `end` when what
/// they look for is not there.
namespace backstop::byte_scan {

namespace portable {

/// How many bytes a and b have in common at their beginning; `n` of each may be looked at.
inline std::size_t common_prefix(const char* a, const char* b, std::size_t n) {
  std::size_t i = 0;
  while (i < n && a[i] == b[i]) ++i;
  return i;
}

/// Whether n bytes are the same.
inline bool equal(const char* a, const char* b, std::size_t n) { return common_prefix(a, b, n) == n; }

/// The first byte that cannot be in the name of a label ([a-zA-Z0-9_]).
inline const char* skip_label_name(const char* at, const char* end) {
  while (at < end && is_label_char(*at)) ++at;
  return at;
}

/// The first byte that cannot be in the name of a metric ([a-zA-Z0-9_:]).
inline const char* skip_metric_name(const char* at, const char* end) {
  while (at < end && is_name_char(*at)) ++at;
  return at;
}

/// The first '"', '\\', newline or byte that is not ASCII: what may end a text in quotes, or makes it an unusual one.
inline const char* find_quote(const char* at, const char* end) {
  while (at < end && *at != '"' && *at != '\\' && *at != '\n' && static_cast<unsigned char>(*at) < 0x80) ++at;
  return at;
}

/// The first byte that is not ASCII.
inline const char* find_non_ascii(const char* at, const char* end) {
  while (at < end && static_cast<unsigned char>(*at) < 0x80) ++at;
  return at;
}

} // namespace portable

#if defined(__SSE2__)
namespace sse2 {

inline __m128i load(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
inline __m128i is(__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }
/// Bytes from `first` to `first + count - 1`.
inline __m128i in_range(__m128i bytes, char first, char count) {
  const __m128i offset = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
  return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8(static_cast<char>(count - 1))), offset);
}
/// One bit a byte, of its highest bit.
inline unsigned bits(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
inline __m128i label_chars(__m128i bytes) {
  const __m128i letter = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26);
  return _mm_or_si128(_mm_or_si128(letter, in_range(bytes, '0', 10)), is(bytes, '_'));
}

/// Steps of 16 bytes while `stops` has no bit, and what is left with `rest`.
template <class Stops, class Rest> const char* step(const char* at, const char* end, Stops stops, Rest rest) {
  for (; end - at >= 16; at += 16)
    if (const unsigned found = stops(load(at)); found != 0) return at + std::countr_zero(found);
  return rest(at, end);
}

inline std::size_t common_prefix(const char* a, const char* b, std::size_t n) {
  if (n < 16) return portable::common_prefix(a, b, n);
  for (std::size_t i = 0;; i += 16) {
    i = i + 16 < n ? i : n - 16; // the last step looks again at bytes that are equal
    const unsigned differ = bits(_mm_cmpeq_epi8(load(a + i), load(b + i))) ^ 0xFFFFU;
    if (differ != 0) return i + static_cast<std::size_t>(std::countr_zero(differ));
    if (i + 16 == n) return n;
  }
}

inline bool equal(const char* a, const char* b, std::size_t n) {
  if (n < 16) return portable::equal(a, b, n);
  __m128i same = _mm_cmpeq_epi8(load(a + n - 16), load(b + n - 16));
  for (std::size_t i = 0; i + 16 < n; i += 16) // no branch but the loop's: bytes are the same nearly always
    same = _mm_and_si128(same, _mm_cmpeq_epi8(load(a + i), load(b + i)));
  return bits(same) == 0xFFFFU;
}

inline const char* skip_label_name(const char* at, const char* end) {
  return step(
      at, end, [](__m128i b) { return bits(label_chars(b)) ^ 0xFFFFU; }, portable::skip_label_name);
}

inline const char* skip_metric_name(const char* at, const char* end) {
  return step(
      at, end, [](__m128i b) { return bits(_mm_or_si128(label_chars(b), is(b, ':'))) ^ 0xFFFFU; },
      portable::skip_metric_name);
}

inline const char* find_quote(const char* at, const char* end) {
  return step(
      at, end,
      [](__m128i b) { return bits(_mm_or_si128(_mm_or_si128(is(b, '"'), is(b, '\\')), _mm_or_si128(is(b, '\n'), b))); },
      portable::find_quote);
}

inline const char* find_non_ascii(const char* at, const char* end) {
  return step(at, end, bits, portable::find_non_ascii);
}

} // namespace sse2
namespace best = sse2;
#else
namespace best = portable;
#endif

} // namespace backstop::byte_scan
