#pragma once
#include "daemon/io/event_loop.hpp"
#include "daemon/io/http_listener.hpp"
#include "daemon/io/http_peers.hpp"
#include "daemon/web.hpp"
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace backstop {

/// HTTP/1.1 by libmicrohttpd on the loop, without threads of its own. Everything a client can make it keep is bounded, and
/// so is the loop's time that it can take: after 2 ms for clients this rests for 2 ms, and the loop does what else is due.
/// More connections than a peer may have: 503, closed. More requests: 429 with Retry-After, before the handler or a body
/// is seen. A wrong request is answered with 400 and its connection closed; what is no HTTP at all is just closed.
/// Destroying it (not from inside its handler) cuts all connections; Responders and Streams left over do nothing then.
class HttpServer {
public:
  struct Limits {
    HttpPeers::Limits peers = trusting_own_users();
    std::size_t body = std::size_t{64} << 10;           ///< larger: 413
    std::size_t head = std::size_t{16} << 10;           ///< request line and headers; larger: 431 or 414, closed
    std::size_t stream_buffer = std::size_t{256} << 10; ///< unread bytes of one event stream; more: cut off
    Duration request_within{
        std::chrono::seconds(10)}; ///< a connection is cut if its next request is not complete by then
    unsigned stalled_seconds = 10; ///< so is one that takes nothing of its answer for so long
    /// Added to each answer that has none of that name: to streams and refusals too, but for those of libmicrohttpd.
    std::vector<std::pair<std::string, std::string>> headers{};
    /// The defaults, with root and the daemon's own user as trusted peers of a Unix socket.
    static HttpPeers::Limits trusting_own_users();
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
