#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// Values of series as they are kept by the thousand. For each: how far its number is from the one before (zigzag, as a
/// varint), then the value. A whole number up to 2^52 is twice its zigzag as a varint, so most counters take 2 to 5
/// bytes; anything else is the varint 1 and the 8 bytes of the double, little-endian.
struct PackedValue {
  std::uint32_t series = 0;
  double value = 0; ///< comes back bit by bit
  bool operator==(const PackedValue&) const = default;
};
std::string pack_values(std::span<const PackedValue> values);
/// False: these bytes are not what pack_values() gives.
bool unpack_values(std::string_view bytes, std::vector<PackedValue>& values);

} // namespace backstop
