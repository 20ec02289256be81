#pragma once
#include "collectors/exposition.hpp"
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// What there is to say about an exposition as a whole (backstopctl check-metrics).
struct MetricsReport {
  bool valid = false;    ///< no fault at all
  bool readable = false; ///< its syntax is sound: the daemon would read it, faults of meaning notwithstanding
  std::size_t line = 0, column = 0;                 ///< of the first fault; 0: none
  std::string reason;                               ///< of the first fault
  std::size_t families = 0, samples = 0, lines = 0; ///< as far as it could be read
  std::vector<ExpositionFault> faults;              ///< all of them by line, up to a bound
};

MetricsReport check_metrics(std::string_view text, Format format);

} // namespace backstop
