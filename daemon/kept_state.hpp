#pragma once
#include "daemon/records.hpp"
#include "daemon/state.hpp"

/// What is known of a service as records say it (StateSummed), and back. Pure.
namespace backstop {

/// Of very many versions those that something may still go back to: the one that runs, the last ones that were good, those in
/// quarantine, and the newest.
KeptService kept_of(const ServiceState& service);
ServiceState state_of(const KeptService& kept);

} // namespace backstop
