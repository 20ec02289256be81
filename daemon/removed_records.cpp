#include "daemon/removed_records.hpp"
#include <algorithm>

namespace backstop {

const RemovedRecords* next_removed(std::span<const RemovedRecords> removed, std::uint64_t seq) {
  const auto found = std::lower_bound(removed.begin(), removed.end(), seq,
                                      [](const RemovedRecords& stretch, std::uint64_t at) { return stretch.to < at; });
  return found == removed.end() ? nullptr : &*found;
}

bool is_removed(std::span<const RemovedRecords> removed, std::uint64_t seq) {
  const RemovedRecords* const stretch = next_removed(removed, seq);
  return stretch != nullptr && stretch->from <= seq;
}

std::uint64_t count_of(std::span<const RemovedRecords> removed) {
  std::uint64_t count = 0;
  for (const RemovedRecords& r : removed) count += r.to - r.from + 1;
  return count;
}

} // namespace backstop
