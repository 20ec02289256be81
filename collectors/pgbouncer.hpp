#pragma once
#include "collectors/probe.hpp"
#include "collectors/sql_source.hpp"
#include "rules/result.hpp"
#include <cstddef>
#include <string_view>

/// The pools of one PgBouncer (1.8 or newer), by what a user of stats_users may see.
namespace backstop::pgbouncer {

/// The one question, to the admin console. Its columns are found by their names: each version has others.
inline constexpr std::string_view kQuestion = "SHOW POOLS";

/// Most pools that are kept; beyond it the answer is refused.
inline constexpr std::size_t kMostPools = 1000;

/// Reads the answer to kQuestion. A series of each family for each pool, with labels `database` and `user`; the pool of
/// the admin console itself is left out:
/// - clients_active: clients that are linked to a server connection, or need none now.
/// - clients_waiting: those that wait for one.
/// - servers_active: server connections that serve a client. servers_idle: those that can be had at once. servers_used:
///   those that were idle so long that they are checked before.
/// - maxwait_seconds: how long the first client in the queue has waited; 0: none waits.
/// Errc::corrupt: this is no answer to that question. too_large: more than kMostPools.
Result<SamplesAnswer> read_answer(const SqlRows& answer);

} // namespace backstop::pgbouncer
