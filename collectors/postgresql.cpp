#include "collectors/postgresql.hpp"
#include "collectors/kernel_text.hpp"
#include <algorithm>
#include <map>
#include <tuple>

namespace backstop::postgresql {
namespace {

using Group = std::tuple<std::string, std::string, std::string>; ///< database, user, state

constexpr std::size_t kColumns = 6;
constexpr const char* kHidden = "hidden";
constexpr const char* kDisabled = "disabled"; ///< of sessions with track_activities off
constexpr const char* kUsualStates[] = {"active", "idle", "idle in transaction", "idle in transaction (aborted)"};

Error corrupt(const std::string& what) { return fail(Errc::corrupt, "the server's answer cannot be read: " + what); }

std::optional<double> number(const std::optional<std::string>& cell) {
  return cell ? kernel_text::number(*cell) : std::nullopt;
}

struct Limits {
  double most = 0, reserved = 0;
  std::string role;
};
struct Lag {
  double bytes = 0;
  std::optional<double> seconds = 0;
};

/// What the rows say, before it is decided what of it is shown.
struct Found {
  std::optional<Limits> limits;
  double connections = 0;
  std::map<std::string, double> by_state;
  std::map<Group, double> by_group;
  double longest_transaction = 0;
  double standbys = 0;
  std::map<std::string, Lag> lags; ///< by application_name
  bool standbys_hidden = false;
  std::optional<double> own_lag;

  Status add(const SqlRows::Row& row);

private:
  Status add_limits(const SqlRows::Row& row);
  Status add_sessions(const SqlRows::Row& row);
  Status add_standby(const SqlRows::Row& row);
  Status add_recovery(const SqlRows::Row& row);
};

Status Found::add(const SqlRows::Row& row) {
  if (row.size() != kColumns) return corrupt("it has rows of " + std::to_string(row.size()) + " columns");
  const std::string what = row[0].value_or("");
  if (what == "limits") return add_limits(row);
  if (what == "sessions") return add_sessions(row);
  if (what == "standby") return add_standby(row);
  if (what == "recovery") return add_recovery(row);
  return corrupt("it has rows of \"" + what + "\"");
}

Status Found::add_limits(const SqlRows::Row& row) {
  const auto most = number(row[1]);
  const auto superuser = number(row[2]);
  const auto reserved = number(row[3]);
  if (!most || !superuser || !reserved) return corrupt("max_connections or what is reserved of it is no number");
  limits = Limits{*most, *superuser + *reserved, row[4].value_or("this role")};
  return {};
}

Status Found::add_sessions(const SqlRows::Row& row) {
  const auto n = number(row[4]);
  const auto longest = number(row[5]);
  if (!n) return corrupt("a number of connections is \"" + row[4].value_or("") + "\"");
  if (!longest) return corrupt("the age of a transaction is \"" + row[5].value_or("") + "\"");
  const std::string state = row[3].value_or(kHidden);
  connections += *n;
  by_state[state] += *n;
  by_group[{row[1].value_or(""), row[2].value_or(""), state}] += *n;
  longest_transaction = std::max(longest_transaction, *longest);
  return {};
}

Status Found::add_standby(const SqlRows::Row& row) {
  if (!row[2]) { // what every role sees is that there is one
    standbys_hidden = true;
    return {};
  }
  if (!row[4]) return {}; // replays nothing: a backup, an archive, or a standby that has just come
  const auto bytes = number(row[4]);
  const auto seconds = number(row[3]);
  if (!bytes || (row[3] && !seconds)) return corrupt("a standby's lag is no number");
  ++standbys;
  Lag& lag = lags[row[1].value_or("")];
  lag.bytes = std::max(lag.bytes, *bytes);
  if (seconds && lag.seconds)
    lag.seconds = std::max(*lag.seconds, *seconds);
  else if (!seconds && *bytes > 0)
    lag.seconds.reset(); // not measured, and so not known of the name
  return {};
}

Status Found::add_recovery(const SqlRows::Row& row) {
  const auto since = number(row[3]);
  if (row[3] && !since) return corrupt("the age of the last replayed transaction is \"" + *row[3] + "\"");
  const bool up_to_date = row[1] == "true" && row[2] == "true";
  own_lag = up_to_date ? 0 : since;
  return {};
}

void give_groups(const Found& found, std::vector<RawSample>& out) {
  std::vector<std::pair<Group, double>> groups(found.by_group.begin(), found.by_group.end());
  if (groups.size() > kMostGroups) {
    std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    groups.resize(kMostGroups);
  }
  for (const auto& [group, n] : groups)
    out.push_back({"connections_by",
                   {{"database", std::get<0>(group)}, {"user", std::get<1>(group)}, {"state", std::get<2>(group)}},
                   n});
}

void give_connections(const Found& found, std::vector<RawSample>& out) {
  out.push_back({"connections", {}, found.connections});
  out.push_back({"max_connections", {}, found.limits->most});
  if (const double free_to_all = found.limits->most - found.limits->reserved; free_to_all > 0)
    out.push_back({"connections_percent", {}, 100 * found.connections / free_to_all});
  std::map<std::string, double> by_state = found.by_state;
  if (!by_state.contains(kHidden))
    for (const char* state : kUsualStates) by_state.try_emplace(state, 0);
  for (const auto& [state, n] : by_state) out.push_back({"connections_by_state", {{"state", state}}, n});
  give_groups(found, out);
}

void give_replication(const Found& found, std::vector<RawSample>& out) {
  if (found.own_lag) out.push_back({"replication_lag_seconds", {}, *found.own_lag});
  if (found.standbys_hidden) return;
  out.push_back({"standbys", {}, found.standbys});
  for (const auto& [name, lag] : found.lags) {
    out.push_back({"replay_lag_bytes", {{"application_name", name}}, lag.bytes});
    if (lag.seconds) out.push_back({"replay_lag_seconds", {{"application_name", name}}, *lag.seconds});
  }
}

/// How to see what is absent, the same as long as it is so.
std::string note_of(const Found& found) {
  const bool transactions = found.by_state.contains(kHidden);
  if (transactions || found.standbys_hidden)
    return std::string(transactions ? "the longest transaction" : "") +
           (transactions && found.standbys_hidden ? " and " : "") + (found.standbys_hidden ? "the replay lag" : "") +
           " cannot be seen by this role; let a superuser GRANT pg_monitor TO " + found.limits->role;
  if (found.by_state.contains(kDisabled))
    return "the longest transaction is not known: track_activities is off for some sessions";
  return "";
}

} // namespace

Result<SamplesAnswer> read_answer(const SqlRows& answer) {
  Found found;
  for (const SqlRows::Row& row : answer.rows)
    if (const Status s = found.add(row); !s) return s.error();
  if (!found.limits) return corrupt("it does not say max_connections");

  SamplesAnswer out;
  give_connections(found, out.samples);
  if (!found.by_state.contains(kHidden) && !found.by_state.contains(kDisabled))
    out.samples.push_back({"longest_transaction_seconds", {}, found.longest_transaction});
  give_replication(found, out.samples);
  out.note = note_of(found);
  return out;
}

} // namespace backstop::postgresql
