#pragma once
#include "collectors/http_fetcher.hpp"
#include "daemon/io/answer_blocks.hpp"
#include "daemon/io/event_loop.hpp"
#include <memory>

namespace backstop {

/// HTTP exchanges by libcurl on the loop. Connections are kept and used again; no redirects, no proxy from the
/// environment, HTTP/1.1 alone, TLS 1.2 at least and always verified. The loop must outlive it. Destroying it gives up
/// what is under way (no `done` is called); that is safe inside a `done`.
class CurlFetcher final : public HttpFetcher {
public:
  /// `under_way`, which outlives it, bounds what comes together with the answers of others; null: its own alone.
  explicit CurlFetcher(EventLoop& loop, AnswersUnderWay* under_way = nullptr);
  ~CurlFetcher() override;
  CurlFetcher(const CurlFetcher&) = delete;
  CurlFetcher& operator=(const CurlFetcher&) = delete;

  Id start(HttpRequest request, Done done) override;
  void cancel(Id id) override;
  /// So many servers are asked again and again: a connection to each is kept open between.
  void keep_connections(std::size_t servers);

private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

} // namespace backstop
