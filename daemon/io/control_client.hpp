#pragma once
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <functional>
#include <string>
#include <string_view>

namespace backstop {

/// backstopctl's side of the control socket. Blocks. Only daemon/ctl uses it.
class ControlClient {
public:
  struct Answer {
    int status = 0;
    std::string body;
  };
  struct Event {
    std::string type = "message";
    std::string id;
    std::string data;
  };

  explicit ControlClient(std::string socket_path) : socket_(std::move(socket_path)) {}

  /// An answer of any status; `body` is JSON text, or empty. Errc::io: the daemon does not answer (exit code 8),
  /// Errc::timeout: it did not answer in time. `path` begins with '/'; see encoded().
  [[nodiscard]] Result<Answer> request(const std::string& method, const std::string& path, const std::string& body,
                                       Duration timeout) const;

  /// Reads a text/event-stream and hands on every event until `each` returns false, the daemon closes the stream, or
  /// `timeout` is over (Errc::timeout; zero: no limit). The answer has a body only if its status is not 200. What `each`
  /// throws comes out.
  Result<Answer> events(const std::string& path, const std::function<bool(const Event&)>& each, Duration timeout) const;

  /// `text` as one segment of a path, or as the value of a query field.
  static std::string encoded(std::string_view text);

private:
  std::string socket_;
};

} // namespace backstop
