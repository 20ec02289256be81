#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace backstop {

/// Where things stand in a list of the caller's, by a hash of each: eight bytes a slot, of which at most three in four are
/// taken. A table that holds the things themselves would take an allocation and some 50 bytes for each.
class PositionTable {
public:
  /// The position with this hash for which `is_it` says true.
  template <class IsIt> [[nodiscard]] std::optional<std::uint32_t> find(std::size_t hash, IsIt is_it) const {
    if (slots_.empty()) return std::nullopt;
    const std::uint32_t mixed = mix(hash);
    for (std::size_t at = mixed & mask(); slots_[at].taken(); at = (at + 1) & mask())
      if (slots_[at].hash == mixed && is_it(slots_[at].position())) return slots_[at].position();
    return std::nullopt;
  }
  /// One that find() did not find; below 2^32 - 1.
  void insert(std::size_t hash, std::uint32_t position) {
    if ((taken_ + 1) * 4 > slots_.size() * 3) resize(std::max<std::size_t>(8, slots_.size() * 2));
    put({mix(hash), position + 1});
    ++taken_;
  }
  /// Takes those out for which `is_old` says true.
  template <class IsOld> void erase_if(IsOld is_old) {
    const auto old = [&](const Slot& slot) { return slot.taken() && is_old(slot.position()); };
    taken_ -= static_cast<std::size_t>(std::count_if(slots_.begin(), slots_.end(), old));
    for (Slot& slot : slots_)
      if (old(slot)) slot = {};
    std::size_t size = 8;
    while (size * 3 < taken_ * 4) size *= 2;
    resize(size); // what stood behind what went is found again
  }

private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t position_and_1 = 0; ///< 0: nothing
    [[nodiscard]] bool taken() const { return position_and_1 != 0; }
    [[nodiscard]] std::uint32_t position() const { return position_and_1 - 1; }
  };
  static std::uint32_t mix(std::size_t hash) {
    return static_cast<std::uint32_t>(std::uint64_t{hash} * 0x9E3779B97F4A7C15U >> 32U);
  }
  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
  void put(const Slot& slot) {
    std::size_t at = slot.hash & mask();
    while (slots_[at].taken()) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  void resize(std::size_t size) {
    const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(size));
    for (const Slot& slot : before)
      if (slot.taken()) put(slot);
  }

  std::vector<Slot> slots_; ///< their number is a power of two, or 0
  std::size_t taken_ = 0;
};

} // namespace backstop
