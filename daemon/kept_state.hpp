#pragma once
#include "daemon/records.hpp"
#include "daemon/state.hpp"
#include <cstdint>
#include <span>

/// What is known of a service as records say it (StateSummed), and back. Pure.
namespace backstop {

/// Of very many versions those that something may still go back to: the one that runs, the last ones that were good, those in
/// quarantine, and the newest.
KeptService kept_of(const ServiceState& service);
ServiceState state_of(const KeptService& kept);

/// Whether the record `seq` is one of `removed` (in order); false for 0, which is none.
bool is_removed(std::span<const RemovedRecords> removed, std::uint64_t seq);

} // namespace backstop
