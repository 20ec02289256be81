#include "collectors/log_lines.hpp"

namespace backstop {
namespace {

constexpr std::array<std::string_view, 8> kNames = {"emerg",   "alert",  "crit", "err",
                                                    "warning", "notice", "info", "debug"};
constexpr std::size_t kInfo = 6;

} // namespace

void LogLines::add(std::string_view priority) {
  const bool known = priority.size() == 1 && priority[0] >= '0' && priority[0] <= '7';
  ++counts_[known ? static_cast<std::size_t>(priority[0] - '0') : kInfo];
}

std::vector<RawSample> LogLines::samples() const {
  std::vector<RawSample> samples;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    samples.push_back({"log_lines_total", {{"priority", std::string(kNames[i])}}, static_cast<double>(counts_[i])});
  return samples;
}

} // namespace backstop
