#pragma once
#include "collectors/raw_sample.hpp"
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

/// Lines of a log as counters.
namespace backstop {

/// Counts lines by syslog's priorities (RFC 5424, 6.2.1). Begins at 0.
class LogLines {
public:
  /// `priority`: the number as text. What is none counts as info, which is journald's default.
  void add(std::string_view priority);
  /// log_lines_total{priority}, each of emerg, alert, crit, err, warning, notice, info, debug.
  [[nodiscard]] std::vector<RawSample> samples() const;

private:
  std::array<std::uint64_t, 8> counts_{};
};

} // namespace backstop
