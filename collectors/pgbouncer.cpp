#include "collectors/pgbouncer.hpp"
#include "collectors/kernel_text.hpp"
#include <algorithm>
#include <optional>
#include <string>

namespace backstop::pgbouncer {
namespace {

constexpr const char* kConsole = "pgbouncer"; ///< the database that is the admin console

struct Family {
  const char* column;
  const char* name;
};
constexpr Family kFamilies[] = {{"cl_active", "clients_active"},
                                {"cl_waiting", "clients_waiting"},
                                {"sv_active", "servers_active"},
                                {"sv_idle", "servers_idle"},
                                {"sv_used", "servers_used"}};

Error corrupt(const std::string& what) {
  return fail(Errc::corrupt, "the answer to SHOW POOLS cannot be read: " + what);
}

/// One row, its cells by the names of their columns.
class Pool {
public:
  Pool(const SqlRows& answer, const SqlRows::Row& row) : columns_(answer.columns), row_(row) {}

  [[nodiscard]] Result<std::string> text(const std::string& column) const {
    const auto at = std::find(columns_.begin(), columns_.end(), column);
    const auto index = static_cast<std::size_t>(at - columns_.begin());
    if (at == columns_.end() || index >= row_.size()) return corrupt("it has no column " + column);
    return row_[index].value_or("");
  }
  [[nodiscard]] Result<double> number(const std::string& column) const {
    const Result<std::string> cell = text(column);
    if (!cell) return cell.error();
    const auto value = kernel_text::number(*cell);
    if (!value) return corrupt(column + " is \"" + *cell + "\"");
    return *value;
  }

private:
  const std::vector<std::string>& columns_;
  const SqlRows::Row& row_;
};

Status add_pool(const Pool& pool, const std::string& database, std::vector<RawSample>& out) {
  const Result<std::string> user = pool.text("user");
  if (!user) return user.error();
  const std::vector<std::pair<std::string, std::string>> labels{{"database", database}, {"user", *user}};
  for (const Family& family : kFamilies) {
    const Result<double> n = pool.number(family.column);
    if (!n) return n.error();
    out.push_back({family.name, labels, *n});
  }
  const Result<double> seconds = pool.number("maxwait");
  if (!seconds) return seconds.error();
  const Result<double> microseconds = pool.number("maxwait_us");
  if (!microseconds) return microseconds.error();
  constexpr double per_second = 1e6;
  out.push_back({"maxwait_seconds", labels, *seconds + *microseconds / per_second});
  return {};
}

} // namespace

Result<SamplesAnswer> read_answer(const SqlRows& answer) {
  if (answer.columns.empty()) return corrupt("it has no columns");
  if (answer.rows.size() > kMostPools + 1)
    return fail(Errc::too_large, "PgBouncer has more than " + std::to_string(kMostPools) + " pools");
  SamplesAnswer out;
  for (const SqlRows::Row& row : answer.rows) {
    const Pool pool(answer, row);
    const Result<std::string> database = pool.text("database");
    if (!database) return database.error();
    if (*database == kConsole) continue;
    if (const Status s = add_pool(pool, *database, out.samples); !s) return s.error();
  }
  return out;
}

} // namespace backstop::pgbouncer
