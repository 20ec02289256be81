#pragma once
#include "daemon/seams.hpp"
#include <utility>

namespace backstop {

/// Stands in for a journal that cannot be trusted (corrupt, newer): says why to whoever reads or appends, so that the
/// daemon observes only instead of ending in a crash loop.
class MissingJournal final : public Journal {
public:
  explicit MissingJournal(Error why) : why_(std::move(why)) {}
  Status append(std::span<Record>) override { return why_; }
  Status read(std::uint64_t, const std::function<Status(const Record&)>&) const override { return why_; }

private:
  Error why_;
};

} // namespace backstop
