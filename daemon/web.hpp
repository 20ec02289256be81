#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

/// What a request handler sees of an HTTP server: plain values, and a way to answer at once, later, or bit by bit. The
/// server is daemon/io/http_server.hpp; tests stand an Exchange of their own behind the Responder.
namespace backstop::web {

/// Who is at the other end of a Unix socket, as the kernel says it (at the time of connecting).
struct Peer {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  std::vector<gid_t> groups; ///< supplementary; may or may not hold gid
};

struct Request {
  std::string method;                         ///< GET HEAD POST PUT PATCH DELETE
  std::string path;                           ///< percent-decoded, without the query
  std::map<std::string, std::string> query;   ///< percent-decoded; of a name given twice, the last
  std::map<std::string, std::string> headers; ///< names in lower case
  std::string body;
  std::optional<Peer> peer; ///< of a Unix socket; none over TCP
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers; ///< further ones
};

/// Seam: the server's side of one request. Handlers use Responder and Stream.
class Exchange {
public:
  virtual ~Exchange() = default; ///< unanswered: status 500; a stream: closed
  virtual void answer(Response response) = 0;
  virtual void begin_stream() = 0;
  virtual bool push(std::string_view data) = 0;
  virtual void close() = 0;
  [[nodiscard]] virtual bool gone() const = 0;
  virtual void on_gone(std::function<void()> notice) = 0;
};

/// An open text/event-stream. A copy is the same stream; when the last one goes, the stream is closed.
class Stream {
public:
  explicit Stream(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  /// Queues `data` (whole events, "data: ...\n\n"). False: the client is gone, or read so slowly that the buffer was
  /// full; then it has been cut off.
  bool push(std::string_view data) const { return exchange_->push(data); }
  void close() const { exchange_->close(); }
  [[nodiscard]] bool gone() const { return exchange_->gone(); }
  /// Called once from the loop if the client goes before close().
  void on_gone(std::function<void()> notice) const { exchange_->on_gone(std::move(notice)); }

private:
  std::shared_ptr<Exchange> exchange_;
};

/// The way to answer one request: exactly one of answer() and stream(), at once or later from the loop. Copies answer the
/// same request. What comes after the first answer, or after the client or the server is gone, is dropped.
class Responder {
public:
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  void answer(Response response) const { exchange_->answer(std::move(response)); }
  [[nodiscard]] Stream stream() const {
    exchange_->begin_stream();
    return Stream(exchange_);
  }
  [[nodiscard]] bool gone() const { return exchange_->gone(); }
  /// Called once from the loop if the client goes before it was answered.
  void on_gone(std::function<void()> notice) const { exchange_->on_gone(std::move(notice)); }

private:
  std::shared_ptr<Exchange> exchange_;
};

using Handler = std::function<void(Request, Responder)>;

} // namespace backstop::web
