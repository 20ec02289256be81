#pragma once
#include <string>
#include <utility>
#include <vector>

namespace backstop {

/// One value as a source gives it, before any selector looked at it: what the interpreters of host, cgroup and
/// PostgreSQL answers produce, in the terms of a text exposition. Values are finite.
struct RawSample {
  std::string name;                                        ///< metric name: [a-zA-Z_:][a-zA-Z0-9_:]*
  std::vector<std::pair<std::string, std::string>> labels; ///< valid UTF-8, no name twice
  double value = 0;
};

} // namespace backstop
