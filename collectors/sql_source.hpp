#pragma once
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace backstop {

/// The answer to one SQL question, as text in the order the server gave it. Cells are valid UTF-8; NULL is no value.
struct SqlRows {
  using Row = std::vector<std::optional<std::string>>;
  std::vector<Row> rows;
  std::vector<std::string> columns = {}; ///< their names
};

/// Seam: asks one database questions without blocking.
class SqlSource {
public:
  using Done = std::function<void(Result<SqlRows>)>;

  virtual ~SqlSource() = default;

  /// Asks, connecting first where that is needed. `timeout` is for all of it. `done` is called exactly once from the loop,
  /// never from inside query(). Errc::timeout: no answer in time; busy: an earlier question has no answer yet, the server
  /// starts up, or has no free connection (the text says which); unauthorized, not_found: the server said so; too_large:
  /// more rows than are kept; io: everything else.
  virtual void query(const std::string& sql, Duration timeout, Done done) = 0;
};

} // namespace backstop
