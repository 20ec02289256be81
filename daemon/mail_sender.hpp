#pragma once
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace backstop {

/// One message and how it leaves.
struct Mail {
  enum class Tls { starttls, tls, none };
  std::string server; ///< "host:port"
  Tls tls = Tls::starttls;
  std::string ca_file;  ///< PEM file of trusted roots; empty: the system's
  std::string user;     ///< empty: no login
  std::string password; ///< never shown or logged
  std::string from;     ///< addresses alone
  std::vector<std::string> to;
  std::string message;                        ///< headers and body, lines ended with CRLF
  Duration timeout{std::chrono::seconds(30)}; ///< for all of it, names resolved included
};

/// What the server said last, to the message or to what it did not take.
struct MailAnswer {
  int code = 0;     ///< 250: it has the message; 4xx: not now; 5xx: not so
  std::string text; ///< "250 2.0.0 Ok: queued as 4F2A"
};

/// Seam: gives mail to a server without blocking.
class MailSender {
public:
  using Id = std::uint64_t;
  using Done = std::function<void(Result<MailAnswer>)>;
  virtual ~MailSender() = default;
  /// Starts and returns at once. `done` is called exactly once from the loop, never from inside send(): with the server's
  /// answer whatever it is, or an Error as HttpFetcher::start has it. TLS that was asked for and cannot be had is an error:
  /// nothing was sent.
  virtual void send(Mail mail, Done done) = 0;
};

} // namespace backstop
