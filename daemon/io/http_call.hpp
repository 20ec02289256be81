#pragma once
#include "daemon/io/event_loop.hpp"
#include "daemon/io/http_peers.hpp"
#include "daemon/web.hpp"
#include <memory>
#include <microhttpd.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backstop {

/// One request on its way through HttpServer: received, handed to the handler, answered at once, later (its connection
/// is suspended meanwhile) or as a stream. Shared by libmicrohttpd's side, which ends it, and by the handler's Responder.
class HttpCall : public std::enable_shared_from_this<HttpCall> {
public:
  struct Limits {
    std::size_t body = 0;          ///< larger: 413
    std::size_t stream_buffer = 0; ///< unread bytes of a stream
    /// Of each answer that has none of that name; outlives the connection.
    const std::vector<std::pair<std::string, std::string>>* headers = nullptr;
  };
  /// `resumed` is called whenever a suspended connection is let go on: libmicrohttpd is to be run soon.
  HttpCall(EventLoop& loop, MHD_Connection* connection, int fd, bool is_unix, Limits limits,
           std::function<void()> resumed);
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;

  // libmicrohttpd's side, from inside its callbacks.
  /// Head is here. Queues the answer at once to what cannot be a request of ours.
  MHD_Result begin(const char* method, const char* path, const char* version, std::optional<web::Peer> peer);
  /// In place of begin(): the peer has sent too many requests, and may send one more after `wait`.
  MHD_Result refuse_for(Duration wait, const RequestRate& rate);
  MHD_Result receive(std::string_view data);
  /// The request is complete: has it handled, or refuses it. Also outside the callbacks, after wait_turn().
  void hand_over(const web::Handler& handler);
  /// It was handed over, or its connection was resumed.
  MHD_Result proceed();
  /// The request is complete, and others are served first: its connection waits for hand_over().
  MHD_Result wait_turn();
  /// The connection is done with this call. `detached`: because the server ends.
  void ended(bool detached);
  /// Lets a suspended connection go on, so that the server can end.
  void wake();
  [[nodiscard]] bool handed_over() const { return handed_over_; }

  // The handler's side.
  void answer(web::Response response);
  void begin_stream();
  bool push(std::string_view data);
  void close();
  void abandoned();
  [[nodiscard]] bool gone() const { return gone_ || !connection_; }
  void on_gone(std::function<void()> notice) { on_gone_ = std::move(notice); }

private:
  MHD_Result queue(const web::Response& response);
  MHD_Result queue_stream();
  void add_common_headers(MHD_Response* made) const;
  void suspend();
  static ssize_t read(void* self, std::uint64_t position, char* to, std::size_t size) noexcept;
  ssize_t read_some(char* to, std::size_t size);

  EventLoop& loop_;
  MHD_Connection* connection_; ///< null once it is done with us
  int fd_;
  bool is_unix_;
  Limits limits_;
  std::function<void()> resumed_;
  web::Request request_;
  std::size_t received_ = 0;
  bool handed_over_ = false;
  bool suspended_ = false;
  bool gone_ = false;
  std::optional<web::Response> response_;
  bool streaming_ = false;
  bool closed_ = false;
  std::string buffer_; ///< of the stream: pushed and not yet taken
  std::function<void()> on_gone_;
  std::unique_ptr<EventLoop::Io> hang_up_; ///< libmicrohttpd does not watch a suspended connection: we do
};

} // namespace backstop
