#pragma once
#include "daemon/seams.hpp"
#include <memory>
#include <utility>

namespace backstop {

/// Stands in for a journal that cannot be had (damaged, newer, disk full): says why to whoever reads or appends, so that the
/// daemon observes only instead of ending in a crash loop. Once the journal is found, it is that journal.
class DeferredJournal final : public Journal {
public:
  explicit DeferredJournal(Error why) : why_(std::move(why)) {}
  void found(std::unique_ptr<Journal> journal) { journal_ = std::move(journal); }

  Status append(std::span<Record> records) override { return journal_ ? journal_->append(records) : Status(why_); }
  Status read(std::uint64_t after, const std::function<Status(const Record&)>& each) const override {
    return journal_ ? journal_->read(after, each) : Status(why_);
  }
  Status let_go(std::uint64_t compacted) override { return journal_ ? journal_->let_go(compacted) : Status(why_); }

private:
  Error why_;
  std::unique_ptr<Journal> journal_;
};

} // namespace backstop
