#pragma once
#include "collectors/probe.hpp"
#include "collectors/sql_source.hpp"
#include "rules/result.hpp"
#include <cstddef>
#include <string_view>

/// The connections, the longest transaction and the replication of one PostgreSQL server (10 or newer), by what any
/// role may read; pg_monitor sees more.
namespace backstop::postgresql {

/// The one question. Rows of six columns, the first says of what:
/// - limits: max_connections, superuser_reserved_connections, reserved_connections (since 16, else 0), the role as SQL
///   writes it
/// - sessions, a row for each kind: database, user, state, how many, seconds since the oldest of their transactions
///   began
/// - standby, a row for each that streams from here: application_name, state, replay_lag in seconds, bytes not replayed
/// - recovery, on a standby alone: whether it streams, whether all that came is replayed (true, false), seconds since
///   the last replayed transaction was committed
///
/// A role without pg_monitor sees of other users' sessions neither kind, state nor transaction. Those are still
/// counted, under the state "hidden": a session that has a database and a user is taken for a client's (a parallel
/// worker or a logical wal sender of another user is then one too). Our own connection is left out; other connections
/// of backstop are not.
inline constexpr std::string_view kQuestion =
    "SELECT 'limits', current_setting('max_connections'), current_setting('superuser_reserved_connections'),"
    " coalesce(current_setting('reserved_connections', true), '0'), quote_ident(current_user), NULL"
    " UNION ALL SELECT 'sessions', datname::text, usename::text,"
    " CASE WHEN backend_type IS NULL THEN 'hidden' ELSE coalesce(state, 'starting') END, count(*)::text,"
    " greatest(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::text"
    " FROM pg_catalog.pg_stat_activity WHERE pid <> pg_backend_pid() AND (backend_type = 'client backend'"
    " OR (backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL)) GROUP BY 2, 3, 4"
    " UNION ALL SELECT 'standby', application_name, state, extract(epoch FROM replay_lag)::text,"
    " pg_wal_lsn_diff(greatest(here.lsn, replay_lsn), replay_lsn)::text, NULL FROM pg_catalog.pg_stat_replication,"
    " (SELECT CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"
    " ELSE pg_current_wal_lsn() END AS lsn) AS here"
    " UNION ALL SELECT 'recovery',"
    " (EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver WHERE coalesce(status, 'streaming') = 'streaming'))::text,"
    " (pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn())::text,"
    " greatest(extract(epoch FROM clock_timestamp() - at), CASE WHEN at IS NOT NULL THEN 0 END)::text, NULL, NULL"
    " FROM (SELECT pg_last_xact_replay_timestamp() AS at) AS last WHERE pg_is_in_recovery()";

/// Most label sets of `connections_by`; the largest are kept. The other families always count all.
inline constexpr std::size_t kMostGroups = 1000;

/// Reads the answer to kQuestion:
/// - connections: client connections to the whole server, without our own.
/// - connections_by_state{state}: as pg_stat_activity has it. active, idle, "idle in transaction" and "idle in transaction
///   (aborted)" are there with 0 too, unless some sessions are hidden: then nobody knows that there is none.
/// - connections_by{database,user,state}
/// - max_connections: the setting.
/// - connections_percent: connections in percent of what ordinary roles can have at most, which is max_connections less
///   superuser_reserved_connections and reserved_connections. Our own connection is not counted, so a server that refuses
///   people can show a little less than 100. Absent when nothing is left for them.
/// - longest_transaction_seconds: how long ago the oldest transaction that a client has open began; 0: there is none.
///   Absent while a session hides its transaction: of another user's before a role without pg_monitor, or with
///   track_activities off.
/// - standbys: how many replay what this server streams (logical subscribers too; backups and archives do not replay).
/// - replay_lag_bytes{application_name}, replay_lag_seconds{application_name}: how far each of them is behind, of
///   several with one name the last. Seconds are PostgreSQL's replay_lag, and 0 where all is replayed; absent where
///   PostgreSQL has not measured yet. All three are absent where the role may not see them.
/// - replication_lag_seconds, on a standby alone: 0 while it streams and all that came is replayed, else how long ago
///   the last replayed transaction was committed. Without a connection to its primary that is the most it can be
///   behind. Absent while nothing was replayed since the server's start.
/// The note says what is absent for want of rights. Errc::corrupt: this is no answer to that question.
Result<SamplesAnswer> read_answer(const SqlRows& answer);

} // namespace backstop::postgresql
