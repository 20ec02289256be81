#include "collectors/postgresql.hpp"
#include "collectors/kernel_text.hpp"
#include <algorithm>
#include <map>
#include <tuple>

namespace backstop::postgresql {
namespace {

using Group = std::tuple<std::string, std::string, std::string>; ///< database, user, state

constexpr std::size_t kColumns = 7;
constexpr const char* kHidden = "hidden";
constexpr const char* kUsualStates[] = {"active", "idle", "idle in transaction", "idle in transaction (aborted)"};

Error corrupt(const std::string& what) {
  return fail(Errc::corrupt, "the answer about connections cannot be read: " + what);
}

std::optional<double> number(const std::optional<std::string>& cell) {
  return cell ? kernel_text::number(*cell) : std::nullopt;
}

struct Counts {
  double all = 0;
  std::map<std::string, double> by_state;
  std::map<Group, double> by_group;
};

Status count(const SqlRows& answer, Counts& counts) {
  for (const SqlRows::Row& row : answer.rows) {
    if (row.size() != kColumns) return corrupt("it has rows of " + std::to_string(row.size()) + " columns");
    if (!row[6] && answer.rows.size() == 1) return {}; // the row of the settings alone
    const auto n = number(row[6]);
    if (!n) return corrupt("a number of connections is \"" + row[6].value_or("") + "\"");
    const std::string state = row[5].value_or(kHidden);
    counts.all += *n;
    counts.by_state[state] += *n;
    counts.by_group[{row[3].value_or(""), row[4].value_or(""), state}] += *n;
  }
  return {};
}

void give_groups(const Counts& counts, std::vector<RawSample>& out) {
  std::vector<std::pair<Group, double>> groups(counts.by_group.begin(), counts.by_group.end());
  if (groups.size() > kMostGroups) {
    std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    groups.resize(kMostGroups);
  }
  for (const auto& [group, n] : groups)
    out.push_back({"connections_by",
                   {{"database", std::get<0>(group)}, {"user", std::get<1>(group)}, {"state", std::get<2>(group)}},
                   n});
}

} // namespace

Result<std::vector<RawSample>> connection_samples(const SqlRows& answer) {
  if (answer.rows.empty()) return corrupt("it is empty");
  Counts counts;
  if (const Status s = count(answer, counts); !s) return s.error();
  const SqlRows::Row& row = answer.rows.front();
  const auto most = number(row[0]);
  const auto superuser = number(row[1]);
  const auto reserved = number(row[2]);
  if (!most || !superuser || !reserved) return corrupt("max_connections or what is reserved of it is no number");

  if (!counts.by_state.contains(kHidden))
    for (const char* state : kUsualStates) counts.by_state.try_emplace(state, 0);

  std::vector<RawSample> out;
  out.push_back({"connections", {}, counts.all});
  out.push_back({"max_connections", {}, *most});
  if (const double free_to_all = *most - *superuser - *reserved; free_to_all > 0)
    out.push_back({"connections_percent", {}, 100 * counts.all / free_to_all});
  for (const auto& [state, n] : counts.by_state) out.push_back({"connections_by_state", {{"state", state}}, n});
  give_groups(counts, out);
  return out;
}

} // namespace backstop::postgresql
