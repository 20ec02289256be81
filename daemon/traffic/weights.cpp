#include "daemon/traffic/weights.hpp"
#include <algorithm>
#include <cmath>
#include <cstdio>

namespace backstop::traffic {
namespace {

/// Two shares that differ by less are the same: 1 - 0.9 is not quite 0.1.
constexpr double kSame = 1e-9;
/// How far from the smaller share the nearest one may be, as a part of it.
constexpr double kTolerance = 0.1;

std::string servers(std::size_t count) { return std::to_string(count) + (count == 1 ? " server" : " servers"); }

} // namespace

double share_of_sums(double sum, double other) { return sum + other > 0 ? sum / (sum + other) : 0; }

Result<std::array<int, 2>> weights_of(const Split& split) {
  const double share = split.share_of(0);
  if (share <= 0) return std::array{0, kMostWeight};
  if (share >= 1) return std::array{kMostWeight, 0};
  const double first = static_cast<double>(split.sides[0].servers.size());
  const double second = static_cast<double>(split.sides[1].servers.size());
  std::array<int, 2> best{};
  double nearest = 2;
  double off = 2;
  for (int weight = 1; weight <= kMostWeight; ++weight) {
    const double exact = weight * first * (1 - share) / (share * second);
    for (const double whole : {std::floor(exact), std::ceil(exact)}) {
      const int other = static_cast<int>(std::clamp(whole, 1.0, static_cast<double>(kMostWeight)));
      const double is = share_of_sums(weight * first, other * second);
      const double error = std::abs(is - share);
      if (error > off + kSame || (error > off - kSame && weight + other <= best[0] + best[1])) continue;
      best = {weight, other};
      nearest = is;
      off = error;
    }
  }
  if (off > kTolerance * std::min(share, 1 - share)) {
    const double given = split.to == 0 ? nearest : 1 - nearest;
    return fail(Errc::invalid, "share " + percent(split.share) + ": " + servers(split.sides[split.to].servers.size()) +
                                   " against " + servers(split.sides[1 - split.to].servers.size()) +
                                   " with weights from 1 to " + std::to_string(kMostWeight) + " can only have " +
                                   percent(given) + " (choose a share that can be set)");
  }
  return best;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g%%", share * 100);
  return text;
}

std::string text_of(const Split& split) {
  return split.sides[0].name + " " + percent(split.share_of(0)) + ", " + split.sides[1].name + " " +
         percent(split.share_of(1));
}

} // namespace backstop::traffic
