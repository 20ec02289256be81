#include "daemon/io/packed_values.hpp"
#include <bit>
#include <cmath>

namespace backstop {
namespace {

constexpr double kMostWhole = 4503599627370496.0; // 2^52

std::uint64_t zigzag(std::int64_t n) {
  return (static_cast<std::uint64_t>(n) << 1U) ^ static_cast<std::uint64_t>(n >> 63);
}
std::int64_t from_zigzag(std::uint64_t n) {
  return static_cast<std::int64_t>(n >> 1U) ^ -static_cast<std::int64_t>(n & 1U);
}

void put_varint(std::string& out, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7U) out += static_cast<char>((n & 0x7FU) | 0x80U);
  out += static_cast<char>(n);
}

bool take_varint(std::string_view& in, std::uint64_t& n) {
  n = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    n |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool is_small_whole(double value) {
  return std::abs(value) <= kMostWhole && value == std::trunc(value) && !(value == 0 && std::signbit(value));
}

} // namespace

std::string pack_values(std::span<const PackedValue> values) {
  std::string out;
  std::int64_t before = -1;
  for (const PackedValue& v : values) {
    put_varint(out, zigzag(std::int64_t{v.series} - before));
    before = v.series;
    if (is_small_whole(v.value)) {
      put_varint(out, zigzag(static_cast<std::int64_t>(v.value)) << 1U);
      continue;
    }
    put_varint(out, 1);
    const auto bits = std::bit_cast<std::uint64_t>(v.value);
    for (unsigned i = 0; i < 64; i += 8) out += static_cast<char>((bits >> i) & 0xFFU);
  }
  return out;
}

bool unpack_values(std::string_view bytes, std::vector<PackedValue>& values) {
  values.clear();
  std::int64_t before = -1;
  while (!bytes.empty()) {
    std::uint64_t step = 0, code = 0;
    if (!take_varint(bytes, step) || !take_varint(bytes, code)) return false;
    before += from_zigzag(step);
    if (before < 0 || before > std::int64_t{UINT32_MAX}) return false;
    PackedValue v{static_cast<std::uint32_t>(before), 0};
    if (code % 2 == 0) {
      v.value = static_cast<double>(from_zigzag(code >> 1U));
    } else {
      if (code != 1 || bytes.size() < 8) return false;
      std::uint64_t bits = 0;
      for (unsigned i = 0; i < 8; ++i) bits |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
      bytes.remove_prefix(8);
      v.value = std::bit_cast<double>(bits);
    }
    values.push_back(v);
  }
  return true;
}

} // namespace backstop
