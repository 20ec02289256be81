#pragma once
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace backstop {

/// One HTTP exchange to make. Redirects are never followed.
struct HttpRequest {
  std::string method = "GET";
  std::string url;         ///< http:// or https://
  std::string unix_socket; ///< path of a Unix socket to connect to instead of the URL's host; empty: TCP
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration timeout{std::chrono::seconds(5)};     ///< for the whole exchange, names resolved included
  std::size_t max_bytes = std::size_t{16} << 20; ///< of the decoded answer; a larger one is Errc::too_large

  std::string bearer_token;     ///< sent as Authorization: Bearer; empty: none. Never shown or logged.
  std::string basic_credential; ///< "user:password"; empty: none. Never shown or logged.
  std::string ca_file;          ///< PEM file of trusted roots; empty: the system's
  std::string client_cert_file;
  std::string client_key_file;

  /// Connects anew and keeps nothing: for looking whether one can connect. HTTPS gives HttpResponse::certificate_left.
  bool own_connection = false;
  /// Connects to the URL's host and port, or to unix_socket, hangs up and sends nothing; the answer has `took` alone.
  bool connect_only = false;

  bool secret_path = false; ///< the URL's path is a secret (a webhook's): errors name scheme, host and port alone
};

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string retry_after; ///< header value as sent, empty if absent
  std::string body;
  Duration took{};
  std::optional<Duration> certificate_left; ///< until the first of the certificates that the server sent expires
  std::string redirects_to{}; ///< of status 3xx: scheme, host and port that it points to, no path (it may be secret)
};

/// Seam: makes HTTP exchanges without blocking. Fakes stand in for it in unit tests and pass the same contract suite.
class HttpFetcher {
public:
  using Id = std::uint64_t;
  using Done = std::function<void(Result<HttpResponse>)>;

  virtual ~HttpFetcher() = default;

  /// Starts the exchange and returns at once. `done` is called exactly once from the loop, never from inside start():
  /// with an answer of any status; Errc::timeout or io where the server or the way to it is at fault; not_found: the
  /// host's name was not resolved, in time or at all; busy: this host has no descriptor, port or memory for it; invalid:
  /// the request, or a file that it names, cannot be used; too_large.
  virtual Id start(HttpRequest request, Done done) = 0;

  /// Gives the exchange up: its `done` is not called any more. An unknown id is ignored.
  virtual void cancel(Id id) = 0;
};

} // namespace backstop
