#include "daemon/replay/memory_journal.hpp"

namespace backstop {

Status MemoryJournal::append(std::span<Record> records) {
  auto end = chain(records, end_);
  if (!end) return end.error();
  for (const Record& record : records) {
    records_.push_back(record);
    records_.back().payload = *Json::parse(record.payload.dump()); // chain() has seen that it reads back
  }
  end_ = *std::move(end);
  return {};
}

Status MemoryJournal::read(std::uint64_t after, const std::function<Status(const Record&)>& each) const {
  // By index: `each` may append, which moves the records.
  for (std::size_t i = static_cast<std::size_t>(after); i < records_.size(); ++i) {
    const Record record = records_[i];
    if (Status status = each(record); !status) return status;
  }
  return {};
}

std::vector<Record> MemoryJournal::of_type(std::string_view type) const {
  std::vector<Record> found;
  for (const Record& record : records_)
    if (record.type == type) found.push_back(record);
  return found;
}

} // namespace backstop
