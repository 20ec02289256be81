#pragma once
#include "daemon/io/event_loop.hpp"
#include "daemon/io/http_listener.hpp"
#include "daemon/web.hpp"
#include <memory>

namespace backstop {

/// HTTP/1.1 by libmicrohttpd on the loop, without threads of its own. Everything a client can make it keep is bounded.
/// A wrong request is answered with 400 and its connection closed; what is no HTTP at all is just closed.
/// Destroying it (not from inside its handler) cuts all connections; Responders and Streams left over do nothing then.
class HttpServer {
public:
  struct Limits {
    std::size_t connections = 64;
    std::size_t connections_per_peer = 16;    ///< of one uid (Unix) or one address (TCP). More of either: 503, closed
    std::size_t body = std::size_t{64} << 10; ///< larger: 413
    std::size_t head = std::size_t{16} << 10; ///< request line and headers; larger: 431 or 414, closed
    std::size_t stream_buffer = std::size_t{256} << 10; ///< unread bytes of one event stream; more: cut off
    Duration request_within{
        std::chrono::seconds(10)}; ///< a connection is cut if its next request is not complete by then
    unsigned stalled_seconds = 10; ///< so is one that takes nothing of its answer for so long
  };

  static Result<std::unique_ptr<HttpServer>> start(EventLoop& loop, Listener listener, web::Handler handler,
                                                   Limits limits);
  static Result<std::unique_ptr<HttpServer>> start(EventLoop& loop, Listener listener, web::Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] int port() const;
  [[nodiscard]] std::size_t connections() const;

private:
  HttpServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace backstop
