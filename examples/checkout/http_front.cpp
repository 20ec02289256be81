#include "examples/checkout/http_front.hpp"
#include "examples/checkout/process.hpp"
#include <charconv>
#include <cstring>
#include <microhttpd.h>
#include <thread>
#include <unistd.h>

namespace checkout {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kMostConnections = 256;
constexpr unsigned kIdleSeconds = 60;
constexpr std::int64_t kMostQuantity = 1000;

std::string argument(MHD_Connection* connection, const char* name, const char* otherwise) {
  const char* value = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
  return value ? value : otherwise;
}

std::int64_t number_of(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : -1;
}

Page problem(unsigned code, const char* what) { return {code, std::string("{\"error\": \"") + what + "\"}\n"}; }

bool counted(std::string_view path) { return path != "/metrics" && path != "/health" && path != "/version"; }

} // namespace

/// One request, from its headers to the end of its answer.
struct HttpFront::Exchange {
  explicit Exchange(std::atomic<int>& in_flight) : in_flight_(in_flight) { ++in_flight_; }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { --in_flight_; }

  const Clock::time_point start = Clock::now();

private:
  std::atomic<int>& in_flight_;
};

/// What the C library calls. No exception leaves these.
struct HttpFront::Callbacks {
  static MHD_Result respond(MHD_Connection* connection, const Page& page, bool last) {
    MHD_Response* response =
        MHD_create_response_from_buffer(page.body.size(), const_cast<char*>(page.body.data()), MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page.type);
    if (last) MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    const MHD_Result result = MHD_queue_response(connection, page.code, response);
    MHD_destroy_response(response);
    return result;
  }

  static MHD_Result request(void* self, MHD_Connection* connection, const char* url, const char* method, const char*,
                            const char*, size_t* body_size, void** state) noexcept try {
    auto& front = *static_cast<HttpFront*>(self);
    if (!*state) {
      *state = new Exchange(front.in_flight_);
      return MHD_YES;
    }
    if (*body_size > 0) { // what an order needs is in the URL
      *body_size = 0;
      return MHD_YES;
    }
    const Page page = front.answer(connection, method, url, *static_cast<Exchange*>(*state));
    return respond(connection, page, front.draining_);
  } catch (...) {
    return MHD_NO;
  }

  static void completed(void*, MHD_Connection*, void** state, MHD_RequestTerminationCode) noexcept {
    delete static_cast<Exchange*>(*state);
    *state = nullptr;
  }
};

HttpFront::HttpFront(const Release& release, OrderStore& store)
    : version_(release.version), store_(store), bugs_(release.faults, Clock::now()),
      telemetry_(release.version, std::chrono::system_clock::now()) {}

HttpFront::~HttpFront() {
  if (daemon_) MHD_stop_daemon(daemon_);
}

bool HttpFront::start() {
  // The listening socket is the caller's: MHD cannot empty its queue before closing it, which a restart without loss
  // needs.
  daemon_ = MHD_start_daemon(
      MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_NO_LISTEN_SOCKET, 0,
      nullptr, nullptr, &Callbacks::request, this, MHD_OPTION_NOTIFY_COMPLETED, &Callbacks::completed, this,
      MHD_OPTION_CONNECTION_LIMIT, kMostConnections, MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds,
      MHD_OPTION_THREAD_STACK_SIZE, std::size_t{1} << 20, MHD_OPTION_END);
  return daemon_ != nullptr;
}

void HttpFront::add(int fd, const sockaddr* peer, socklen_t length) {
  // On failure MHD has closed the descriptor.
  if (MHD_add_connection(daemon_, fd, peer, length) != MHD_YES) complain("too many connections: one was turned away");
}

unsigned HttpFront::connections() const {
  const MHD_DaemonInfo* info = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
  return info ? info->num_connections : 0;
}

void HttpFront::drain(std::chrono::milliseconds idle, std::chrono::milliseconds longest) {
  draining_ = true;
  const auto start = Clock::now();
  for (auto waited = Clock::duration::zero(); connections() > 0 && waited < longest; waited = Clock::now() - start) {
    if (in_flight_ == 0 && waited >= idle) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Page HttpFront::answer(MHD_Connection* connection, const std::string& method, std::string_view path,
                       Exchange& exchange) {
  const bool get = method == "GET";
  Page page = problem(404, "no such page");
  std::string why;
  if (path == "/checkout")
    page = get || method == "POST" ? order_page(connection) : problem(405, "GET or POST");
  else if (path == "/order")
    page = get ? found_page(connection) : problem(405, "GET");
  else if (path == "/version")
    page = {200, version_ + "\n", "text/plain; charset=utf-8"};
  else if (path == "/metrics")
    page = {200, telemetry_.text(store_.connections()), "text/plain; version=0.0.4; charset=utf-8"};
  else if (path == "/health")
    page = store_.well(why) ? Page{200, "{\"status\": \"ok\"}\n"} : problem(503, "no database");
  if (!why.empty()) complain("not healthy: " + why);
  if (counted(path))
    telemetry_.request(page.code, get || method == "POST" ? method : "other", Clock::now() - exchange.start);
  return page;
}

Page HttpFront::order_page(MHD_Connection* connection) {
  const std::string item = argument(connection, "item", "book");
  const std::int64_t quantity = number_of(argument(connection, "quantity", "1"));
  if (quantity < 1 || quantity > kMostQuantity) return problem(400, "quantity: a number from 1 to 1000");
  const Bugs::Turn bug = bugs_.next(Clock::now());
  if (bug.leak) store_.leak();
  std::this_thread::sleep_for(bug.delay);
  return page_of(store_.make(item, quantity, bug.fail));
}

Page HttpFront::found_page(MHD_Connection* connection) {
  const std::int64_t id = number_of(argument(connection, "id", ""));
  return id < 0 ? problem(400, "id: a number") : page_of(store_.find(id));
}

Page HttpFront::page_of(const OrderAnswer& answer) {
  switch (answer.trouble) {
  case Trouble::none: break;
  case Trouble::no_such: return problem(404, answer.why.c_str());
  case Trouble::busy: complain(answer.why); return problem(503, "busy");
  case Trouble::database: complain(answer.why); return problem(500, "the order could not be made");
  }
  // Item names come from the table of items: nothing in them needs escaping.
  const Order& order = answer.order;
  return {200, "{\"order\": " + std::to_string(order.id) + ", \"item\": \"" + order.item + "\", \"quantity\": " +
                   std::to_string(order.quantity) + ", \"total_cents\": " + std::to_string(order.total_cents) + "}\n"};
}

/// At most one line a second: a fault that hits each request must not fill the disk.
void HttpFront::complain(const std::string& why) {
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
  if (complained_.exchange(second) != second) log_line(why);
}

} // namespace checkout
