#pragma once
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <cstddef>
#include <cstdint>
#include <functional>
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

  bool secret_path = false; ///< the URL's path is a secret (a webhook's): errors name scheme, host and port alone
};

struct HttpResponse {
  int status = 0;
  std::string content_type;
  std::string retry_after; ///< header value as sent, empty if absent
  std::string body;
  Duration took{};
};

/// Seam: makes HTTP exchanges without blocking. Fakes stand in for it in unit tests and pass the same contract suite.
class HttpFetcher {
public:
  using Id = std::uint64_t;
  using Done = std::function<void(Result<HttpResponse>)>;

  virtual ~HttpFetcher() = default;

  /// Starts the exchange and returns at once. `done` is called exactly once from the loop, never from inside start():
  /// with an answer of any status, or Errc::timeout, Errc::too_large, Errc::io (what, and to whom).
  virtual Id start(HttpRequest request, Done done) = 0;

  /// Gives the exchange up: its `done` is not called any more. An unknown id is ignored.
  virtual void cancel(Id id) = 0;
};

} // namespace backstop
