#pragma once
#include "daemon/records.hpp"
#include <cstdint>
#include <span>

/// Stretches of records that are not kept any more, as a JournalCompacted names them: in order, apart from each other. Pure.
namespace backstop {

/// The stretch that `seq` is in, or the next one behind it; null: there is none.
const RemovedRecords* next_removed(std::span<const RemovedRecords> removed, std::uint64_t seq);
/// Whether the record `seq` is in one of them; false for 0, which is none.
bool is_removed(std::span<const RemovedRecords> removed, std::uint64_t seq);
/// How many records they are.
std::uint64_t count_of(std::span<const RemovedRecords> removed);

} // namespace backstop
