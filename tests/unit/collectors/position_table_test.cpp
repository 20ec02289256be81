#include "collectors/position_table.hpp"
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace backstop {
namespace {

/// A map from numbers to positions; few hashes, so that many meet in one place.
TEST(PositionTable, finds_what_a_map_finds) {
  std::mt19937 random(7);
  for (const std::size_t hashes : {1U, 3U, 1000U}) {
    PositionTable table;
    std::map<std::uint32_t, std::uint32_t> want; // number, position
    std::vector<std::uint32_t> numbers;          // by position
    const auto find = [&](std::uint32_t number) {
      return table.find(number % hashes, [&](std::uint32_t at) { return numbers[at] == number; });
    };
    for (int round = 0; round < 3000; ++round) {
      const auto number = static_cast<std::uint32_t>(random() % 500);
      const auto known = want.find(number);
      ASSERT_EQ(find(number), known == want.end() ? std::nullopt : std::optional(known->second));
      if (known == want.end()) {
        const auto position = static_cast<std::uint32_t>(numbers.size());
        numbers.push_back(number);
        want[number] = position;
        table.insert(number % hashes, position);
      }
      if (round % 500 == 499) {
        table.erase_if([&](std::uint32_t at) { return numbers[at] % 3 == 0; });
        std::erase_if(want, [](const auto& entry) { return entry.first % 3 == 0; });
      }
    }
    table.erase_if([](std::uint32_t) { return true; });
    EXPECT_FALSE(find(numbers.back()));
  }
}

} // namespace
} // namespace backstop
