#include "daemon/replay/memory_journal.hpp"
#include "daemon/removed_records.hpp"
#include <algorithm>

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
  const auto first = std::upper_bound(records_.begin(), records_.end(), after,
                                      [](std::uint64_t seq, const Record& record) { return seq < record.seq; });
  // By index: `each` may append, which moves the records.
  for (auto i = static_cast<std::size_t>(first - records_.begin()); i < records_.size(); ++i) {
    const Record record = records_[i];
    if (Status status = each(record); !status) return status;
  }
  return {};
}

Status MemoryJournal::let_go(std::uint64_t compacted) {
  const auto found =
      std::find_if(records_.begin(), records_.end(), [&](const Record& r) { return r.seq == compacted; });
  if (found == records_.end()) return fail(Errc::not_found, "there is no record " + std::to_string(compacted));
  const Result<Payload> payload = decode(*found);
  if (!payload) return payload.error();
  const auto* said = std::get_if<JournalCompacted>(&*payload);
  if (said == nullptr) return fail(Errc::invalid, "record " + std::to_string(compacted) + " removes nothing");
  std::erase_if(records_, [&](const Record& record) { return is_removed(said->removed, record.seq); });
  return {};
}

std::vector<Record> MemoryJournal::of_type(std::string_view type) const {
  std::vector<Record> found;
  for (const Record& record : records_)
    if (record.type == type) found.push_back(record);
  return found;
}

} // namespace backstop
