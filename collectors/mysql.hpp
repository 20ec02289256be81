#pragma once
#include "collectors/probe.hpp"
#include "collectors/sql_source.hpp"
#include "rules/result.hpp"
#include <string_view>

/// The connections of one MySQL (5.7 or newer) or MariaDB server, by what any user may read.
namespace backstop::mysql {

/// The one question. Rows of a name and a value. The status stands in different places: each server takes the comment
/// that is meant for the other one for a comment.
inline constexpr std::string_view kQuestion =
    "SELECT variable_name, variable_value FROM"
    " /*M! information_schema.global_status */ /*!50700 performance_schema.global_status */"
    " WHERE variable_name IN ('Threads_connected', 'Threads_running')"
    " UNION ALL SELECT 'max_connections', @@global.max_connections";

/// Reads the answer to kQuestion:
/// - threads_connected: connections to the server, without our own.
/// - threads_running: how many of them work on something, without our own question.
/// - max_connections: the setting.
/// - connections_percent: threads_connected in percent of max_connections, which is what ordinary users can have at
///   most; the one connection more that the server keeps for a SUPER is not in it. Our own connection is not counted,
///   so a server that refuses people can show a little less than 100.
/// Errc::corrupt: this is no answer to that question.
Result<SamplesAnswer> read_answer(const SqlRows& answer);

} // namespace backstop::mysql
