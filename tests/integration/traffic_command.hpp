#pragma once
#include "tests/integration/run_program.hpp"
#include <string>
#include <vector>

namespace backstop {

/// backstop-traffic as a step runs it, for sides blue and green.
inline std::vector<std::string> traffic_command(const std::string& driver, const std::string& share,
                                                const std::vector<std::string>& more) {
  std::vector<std::string> out{BACKSTOP_BIN_DIR "/backstop-traffic", driver, "--to", "green", "--share", share};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

/// At the backend "shop" of the HAProxy at `socket`.
struct HaproxyTraffic {
  std::string socket;
  std::vector<std::string> sides{"--side", "blue=blue1", "--side", "green=green1"};

  [[nodiscard]] std::vector<std::string> command(const std::string& share, const std::vector<std::string>& more) const {
    std::vector<std::string> out = traffic_command("haproxy", share, {"--socket", socket, "--backend", "shop"});
    out.insert(out.end(), sides.begin(), sides.end());
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  [[nodiscard]] Ran set(const std::string& share, const std::vector<std::string>& more = {}) const {
    return run_program(command(share, more));
  }
  [[nodiscard]] Ran check(const std::string& share) const { return set(share, {"--check"}); }
};

} // namespace backstop
