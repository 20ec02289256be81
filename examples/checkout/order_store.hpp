#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <libpq-fe.h>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace checkout {

struct Order {
  std::int64_t id = 0;
  std::string item;
  std::int64_t quantity = 0;
  std::int64_t total_cents = 0;
};

enum class Trouble {
  none,
  no_such,  ///< item or order: the client's mistake
  busy,     ///< no connection became free in time
  database, ///< the database refused or cannot be reached
};

struct OrderAnswer {
  Trouble trouble = Trouble::none;
  std::string why; ///< for the log, never for the client
  Order order;
};

/// Orders in PostgreSQL through a small pool of connections, made new when they broke. May be used from any thread.
class OrderStore {
public:
  /// Opens nothing yet.
  OrderStore(std::string dsn, int connections);

  /// Opens all of the pool: false, and `why`, if one cannot be had.
  bool connect(std::string& why);
  /// Whether the database answers now.
  bool well(std::string& why);
  /// Looks up the price, writes the order, all in one transaction. `with_coupon`: takes the path of the coupon
  /// feature, whose table was never created: the transaction fails and leaves nothing.
  OrderAnswer make(const std::string& item, std::int64_t quantity, bool with_coupon);
  OrderAnswer find(std::int64_t id);
  /// Opens a connection besides the pool and forgets it; up to kMostLeaked, so that the rest of the host can still
  /// reach the database.
  void leak();
  /// Open ones, leaked ones too.
  [[nodiscard]] int connections() const;

  static constexpr std::size_t kMostLeaked = 20;

private:
  struct Close {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  using Connection = std::unique_ptr<PGconn, Close>;
  class Lease;

  [[nodiscard]] Connection open() const;
  bool revive(Connection& connection, std::string& why) const;

  const std::string dsn_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Connection> pool_; ///< null: not open
  std::vector<std::size_t> free_;
  std::vector<Connection> leaked_;
  std::size_t open_ = 0;
};

} // namespace checkout
