#pragma once
#include "rules/result.hpp"
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace backstop::traffic {

/// One of the two places that traffic goes to.
struct Side {
  std::string name;
  std::vector<std::string> servers; ///< at least one; of haproxy names in the backend, of nginx addresses
};

/// What is wanted.
struct Split {
  std::array<Side, 2> sides;
  std::size_t to = 0; ///< which of them gets `share` of the traffic; the other one gets the rest
  double share = 0;   ///< 0 to 1
  [[nodiscard]] double share_of(std::size_t side) const { return side == to ? share : 1 - share; }
};

/// Weights of proxies are whole numbers up to this.
inline constexpr int kMostWeight = 256;

/// For each side the weight of each of its servers, so that the sums stand to each other as the shares:
///   weight * servers / (weight * servers + other weight * other servers) = share
/// The nearest that whole numbers allow, and of equally near ones the largest. A side without traffic has 0, any other at
/// least 1. Error: the nearest is more than a tenth of the smaller share away from it.
Result<std::array<int, 2>> weights_of(const Split& split);

/// The share of side `side` where its servers weigh `sum` together, and those of the other side `other`.
double share_of_sums(double sum, double other);

/// "10%", "0.5%".
std::string percent(double share);
/// "blue 90%, green 10%", in the order of the sides, whichever of them was named as the one that gets it.
std::string text_of(const Split& split);

} // namespace backstop::traffic
