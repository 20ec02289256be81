#pragma once
#include "rules/result.hpp"
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::ruletest {

/// What one scrape of a test has of one series.
struct Slot {
  enum class Kind {
    value,  ///< a sample
    absent, ///< the scrape is good, the series is not in it
    failed, ///< the scrape of the whole source fails
  };
  Kind kind = Kind::absent;
  double value = 0;
  bool operator==(const Slot&) const = default;
};

struct Values {
  std::vector<Slot> slots; ///< by scrape
  bool gone = false;       ///< the last word is `stale`: absent for good, however long the test is
};

/// The most slots of one series: 24 h at 1 s, and more.
inline constexpr std::size_t kMostSlots = 200'000;

struct NotationFault {
  std::size_t offset = 0; ///< in bytes, of the word that is wrong
  std::string what, how;
};

/// Reads the values of a series, words with spaces between them:
///     a            one value: 5, 0.2, -3, 1e3, NaN, Inf
///     a+bxN a-bxN  a, then N more, each b more (less) than the one before
///     axN          a, then N more of it
///     +bxN         goes on from the last value before it: N more, each b more
///     _ _xN        the series is not in that scrape, or in N
///     stale        likewise; as the last word: nor in any that follows
///     fail failxN  that scrape of its source fails, or N do
/// Errors: `fault` says where.
bool read_values(std::string_view text, Values& values, NotationFault& fault);

} // namespace backstop::ruletest
