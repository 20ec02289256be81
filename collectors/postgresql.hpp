#pragma once
#include "collectors/raw_sample.hpp"
#include "collectors/sql_source.hpp"
#include "rules/result.hpp"
#include <cstddef>
#include <string_view>
#include <vector>

/// The connections of one PostgreSQL server (10 or newer), by what any role may read.
namespace backstop::postgresql {

/// The one question. Columns: max_connections, superuser_reserved_connections, reserved_connections (since 16, else 0), and
/// then database, user, state and the number of connections like this; these four are NULL when there is none at all.
///
/// A role without pg_monitor sees of other users' sessions no state and no kind. Those are still counted, under the state
/// "hidden": a session that has a database and a user is taken for a client's (a parallel worker or a logical wal sender
/// of another user is then one too). Our own connection is left out; other connections of backstop are not.
inline constexpr std::string_view kConnectionsQuery =
    "SELECT limits.*, used.* FROM"
    " (SELECT current_setting('max_connections') AS most, current_setting('superuser_reserved_connections') AS "
    "superuser,"
    " coalesce(current_setting('reserved_connections', true), '0') AS reserved) AS limits"
    " LEFT JOIN (SELECT datname, usename, CASE WHEN backend_type IS NULL THEN 'hidden' ELSE coalesce(state, "
    "'starting') END,"
    " count(*) FROM pg_catalog.pg_stat_activity WHERE pid <> pg_backend_pid() AND (backend_type = 'client backend'"
    " OR (backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL))"
    " GROUP BY 1, 2, 3) AS used ON true";

/// Most label sets of `connections_by`; the largest are kept. The other families always count all.
inline constexpr std::size_t kMostGroups = 1000;

/// Reads the answer to kConnectionsQuery:
/// - connections: client connections to the whole server, without our own.
/// - connections_by_state{state}: as pg_stat_activity has it. active, idle, "idle in transaction" and "idle in transaction
///   (aborted)" are there with 0 too, unless some sessions are hidden: then nobody knows that there is none.
/// - connections_by{database,user,state}
/// - max_connections: the setting.
/// - connections_percent: connections in percent of what ordinary roles can have at most, which is max_connections less
///   superuser_reserved_connections and reserved_connections. Our own connection is not counted, so a server that refuses
///   people can show a little less than 100. Absent when nothing is left for them.
/// Errc::corrupt: this is no answer to that question.
Result<std::vector<RawSample>> connection_samples(const SqlRows& answer);

} // namespace backstop::postgresql
