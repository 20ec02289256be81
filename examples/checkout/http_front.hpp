#pragma once
#include "examples/checkout/order_store.hpp"
#include "examples/checkout/release.hpp"
#include "examples/checkout/telemetry.hpp"
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <sys/socket.h>

struct MHD_Connection;
struct MHD_Daemon;

namespace checkout {

/// What goes back to a client.
struct Page {
  unsigned code = 200;
  std::string body;
  const char* type = "application/json";
};

/// The HTTP side: one thread for each connection, so that waiting for the database holds up nobody else.
///   GET, POST /checkout?item=NAME&quantity=N  makes an order      GET /order?id=N  shows one
///   /health  the database answers    /version  one line    /metrics  for Prometheus
class HttpFront {
public:
  HttpFront(const Release& release, OrderStore& store);
  ~HttpFront();
  HttpFront(const HttpFront&) = delete;
  HttpFront& operator=(const HttpFront&) = delete;

  bool start();
  /// Serves the accepted connection `fd`, which it takes over.
  void add(int fd, const sockaddr* peer, socklen_t length);
  /// From now on each answer ends its connection. Waits until all have been answered: a client that keeps a connection
  /// open and says nothing is not waited for longer than `idle`, a running request not longer than `longest`.
  void drain(std::chrono::milliseconds idle, std::chrono::milliseconds longest);

private:
  struct Exchange;
  struct Callbacks;

  Page answer(MHD_Connection* connection, const std::string& method, std::string_view path, Exchange& exchange);
  Page order_page(MHD_Connection* connection);
  Page found_page(MHD_Connection* connection);
  Page page_of(const OrderAnswer& answer);
  void complain(const std::string& why);
  [[nodiscard]] unsigned connections() const;

  const std::string version_;
  OrderStore& store_;
  Bugs bugs_;
  Telemetry telemetry_;
  MHD_Daemon* daemon_ = nullptr;
  std::atomic<int> in_flight_{0};
  std::atomic<bool> draining_{false};
  std::atomic<std::int64_t> complained_{0}; ///< second of the last complaint
};

} // namespace checkout
