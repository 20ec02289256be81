#include "examples/checkout/order_store.hpp"
#include <array>
#include <charconv>
#include <cstring>

namespace checkout {
namespace {

constexpr std::chrono::seconds kPatience{1};

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Rows = std::unique_ptr<PGresult, Clear>;

bool good(const Rows& rows) {
  const auto status = PQresultStatus(rows.get());
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

template <std::size_t N> Rows run(PGconn* connection, const char* sql, const std::array<const char*, N>& values) {
  return Rows(PQexecParams(connection, sql, static_cast<int>(N), nullptr, values.data(), nullptr, nullptr, 0));
}
Rows run(PGconn* connection, const char* sql) { return run<0>(connection, sql, {}); }

std::int64_t number(const Rows& rows, int column) {
  const char* text = PQgetvalue(rows.get(), 0, column);
  std::int64_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

std::string message(PGconn* connection) {
  std::string text = PQerrorMessage(connection);
  return text.substr(0, text.find('\n')); // the lines after the first point into the statement
}

/// Rolls back unless committed.
class Transaction {
public:
  explicit Transaction(PGconn* connection) : connection_(connection), open_(good(run(connection, "BEGIN"))) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (open_) run(connection_, "ROLLBACK");
  }
  [[nodiscard]] bool is_open() const { return open_; }
  bool commit() {
    open_ = false;
    return good(run(connection_, "COMMIT"));
  }

private:
  PGconn* connection_;
  bool open_;
};

OrderAnswer failed(PGconn* connection) { return {Trouble::database, message(connection), {}}; }

OrderAnswer make_on(PGconn* connection, const std::string& item, std::int64_t quantity, bool with_coupon) {
  Transaction transaction(connection);
  if (!transaction.is_open()) return failed(connection);
  const Rows price = run<1>(connection, "SELECT price_cents FROM items WHERE name = $1", {item.c_str()});
  if (!good(price)) return failed(connection);
  if (PQntuples(price.get()) == 0) return {Trouble::no_such, "no such item", {}};
  OrderAnswer answer{Trouble::none, "", {0, item, quantity, quantity * number(price, 0)}};
  if (with_coupon) {
    const Rows coupon = run<1>(connection, "SELECT percent_off FROM coupons WHERE item = $1", {item.c_str()});
    if (!good(coupon)) return failed(connection);
  }
  const std::string amount = std::to_string(quantity);
  const std::string total = std::to_string(answer.order.total_cents);
  const Rows id =
      run<3>(connection, "INSERT INTO orders (item, quantity, total_cents) VALUES ($1, $2, $3) RETURNING id",
             {item.c_str(), amount.c_str(), total.c_str()});
  if (!good(id)) return failed(connection);
  answer.order.id = number(id, 0);
  return transaction.commit() ? answer : failed(connection);
}

OrderAnswer find_on(PGconn* connection, std::int64_t id) {
  const std::string text = std::to_string(id);
  const Rows rows = run<1>(connection, "SELECT item, quantity, total_cents FROM orders WHERE id = $1", {text.c_str()});
  if (!good(rows)) return failed(connection);
  if (PQntuples(rows.get()) == 0) return {Trouble::no_such, "no such order", {}};
  return {Trouble::none, "", {id, PQgetvalue(rows.get(), 0, 0), number(rows, 1), number(rows, 2)}};
}

} // namespace

/// One connection of the pool, given back at the end. None where `trouble` says why.
class OrderStore::Lease {
public:
  explicit Lease(OrderStore& store) : store_(store) {
    std::unique_lock lock(store.mutex_);
    if (!store.freed_.wait_for(lock, kPatience, [&] { return !store.free_.empty(); })) {
      trouble.trouble = Trouble::busy;
      trouble.why = "no database connection became free in 1 s";
      return;
    }
    index_ = store.free_.back();
    store.free_.pop_back();
    held_ = true;
    Connection& connection = store.pool_[index_];
    const bool was_open = connection != nullptr;
    lock.unlock(); // the slot is ours alone; connecting may take long
    const bool is_open = store.revive(connection, trouble.why);
    lock.lock();
    store.open_ = store.open_ + (is_open ? 1 : 0) - (was_open ? 1 : 0);
    if (!is_open) trouble.trouble = Trouble::database;
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    if (!held_) return;
    {
      const std::lock_guard lock(store_.mutex_);
      store_.free_.push_back(index_);
    }
    store_.freed_.notify_one();
  }
  PGconn* get() const { return trouble.trouble == Trouble::none ? store_.pool_[index_].get() : nullptr; }

  OrderAnswer trouble;

private:
  OrderStore& store_;
  std::size_t index_ = 0;
  bool held_ = false;
};

OrderStore::OrderStore(std::string dsn, int connections)
    : dsn_(std::move(dsn)), pool_(static_cast<std::size_t>(connections)) {
  for (std::size_t i = 0; i < pool_.size(); ++i) free_.push_back(i);
}

OrderStore::Connection OrderStore::open() const {
  // Expanded by libpq itself: what stands in the DSN wins over what comes before it.
  const std::array<const char*, 5> keys{"fallback_application_name", "connect_timeout", "options", "dbname", nullptr};
  const std::array<const char*, 5> values{"checkout", "10", "-c statement_timeout=3s", dsn_.c_str(), nullptr};
  return Connection(PQconnectdbParams(keys.data(), values.data(), 1));
}

bool OrderStore::revive(Connection& connection, std::string& why) const {
  if (connection && PQstatus(connection.get()) == CONNECTION_OK) return true;
  connection = open();
  if (connection && PQstatus(connection.get()) == CONNECTION_OK) return true;
  why = connection ? message(connection.get()) : "out of memory";
  connection.reset();
  return false;
}

bool OrderStore::connect(std::string& why) {
  for (Connection& connection : pool_) {
    if (!revive(connection, why)) return false;
    const std::lock_guard lock(mutex_);
    ++open_;
  }
  return true;
}

bool OrderStore::well(std::string& why) {
  const Lease lease(*this);
  why = lease.trouble.why;
  if (!lease.get()) return false;
  const bool answered = good(run(lease.get(), "SELECT 1"));
  if (!answered) why = message(lease.get());
  return answered;
}

OrderAnswer OrderStore::make(const std::string& item, std::int64_t quantity, bool with_coupon) {
  const Lease lease(*this);
  return lease.get() ? make_on(lease.get(), item, quantity, with_coupon) : lease.trouble;
}

OrderAnswer OrderStore::find(std::int64_t id) {
  const Lease lease(*this);
  return lease.get() ? find_on(lease.get(), id) : lease.trouble;
}

void OrderStore::leak() {
  if (const std::lock_guard lock(mutex_); leaked_.size() >= kMostLeaked) return;
  Connection connection = open();
  if (!connection || PQstatus(connection.get()) != CONNECTION_OK) return;
  const std::lock_guard lock(mutex_);
  if (leaked_.size() < kMostLeaked) leaked_.push_back(std::move(connection));
}

int OrderStore::connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(open_ + leaked_.size());
}

} // namespace checkout
