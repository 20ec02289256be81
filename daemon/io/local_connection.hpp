#pragma once
#include "daemon/io/event_loop.hpp"
#include "daemon/io/local_request.hpp"
#include "daemon/io/plain_answer.hpp"
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace backstop {

/// One connection to a server on this host, for one exchange after another.
class LocalConnection {
public:
  enum class End {
    whole,   ///< take() has the answer
    foreign, ///< the answer is of a kind that is not known here
    stale,   ///< kept from an earlier exchange, and the server closed it before it answered: a new connection may do
    failed,  ///< error() says why
    gone,    ///< no exchange was under way: the server closed it, or talks without being asked
  };
  using OnEnd = std::function<void(LocalConnection&, End)>;

  /// `on_end` is called from the loop or from inside begin(), and may destroy the connection. All connections read into
  /// the one `buffer`.
  LocalConnection(EventLoop& loop, AnswersUnderWay& under_way, std::span<char> buffer, OnEnd on_end);
  ~LocalConnection();
  LocalConnection(const LocalConnection&) = delete;
  LocalConnection& operator=(const LocalConnection&) = delete;

  /// Connects if need be, and sends `local`, which stands for `request`; the latter stays where it is until the end.
  void begin(LocalRequest local, const HttpRequest& request, HttpFetcher::Id exchange);
  [[nodiscard]] HttpFetcher::Id exchange() const { return exchange_; } ///< the last one
  [[nodiscard]] const std::string& place() const { return local_.place; }

  [[nodiscard]] std::size_t received() const { return answer_->received(); }
  HttpResponse take() { return answer_->take(); }
  [[nodiscard]] const Error& error() const { return error_; }
  /// What is to be said when the time of the exchange is over.
  [[nodiscard]] Error timed_out() const;
  /// After an end: whether another exchange can be had over it.
  [[nodiscard]] bool reusable() const { return phase_ == Phase::ended && io_ && answer_->keeps_connection(); }
  /// It waits for that one.
  void rest();

private:
  enum class Phase { connecting, asking, ended, resting };
  void connect_next();
  void on_ready(std::uint32_t revents);
  void send();
  void receive();
  void lost(int number);
  void end(End how);
  void fail_with(Error error);

  EventLoop& loop_;
  AnswersUnderWay& under_way_;
  std::span<char> buffer_;
  OnEnd on_end_;
  Phase phase_ = Phase::connecting;
  int fd_ = -1;
  std::unique_ptr<EventLoop::Io> io_;          ///< null: not connected
  std::vector<LocalRequest::Address> untried_; ///< the next one last
  LocalRequest local_;
  const HttpRequest* request_ = nullptr;
  HttpFetcher::Id exchange_ = 0;
  std::optional<PlainAnswer> answer_;
  std::size_t sent_ = 0;
  int served_ = 0; ///< how often some of this answer was read
  bool kept_ = false, waits_to_send_ = false;
  Error error_;
};

} // namespace backstop
