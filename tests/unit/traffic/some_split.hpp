#pragma once
#include "daemon/traffic/weights.hpp"

namespace backstop::traffic {

/// `share` of the traffic on green, the rest on blue.
inline Split green_gets(double share, std::vector<std::string> blue = {"blue1"},
                        std::vector<std::string> green = {"green1"}) {
  return {{Side{"blue", std::move(blue)}, Side{"green", std::move(green)}}, 1, share};
}

} // namespace backstop::traffic
