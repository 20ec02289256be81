#pragma once
#include "collectors/http_fetcher.hpp"
#include "daemon/io/event_loop.hpp"
#include <memory>

namespace backstop {

/// HTTP exchanges on the loop. Plain GETs to this host, as scrapes mostly are, go over connections of its own, which costs
/// a third of what libcurl takes for them (decision 0047); all others, and what turns out not to be plain, go by a
/// CurlFetcher, made when it is first needed. The loop must outlive it. Destroying it gives up what is under way (no
/// `done` is called); that is safe inside a `done`.
class LocalFetcher final : public HttpFetcher {
public:
  /// A connection that nobody asks over for so long is closed.
  static constexpr Duration kKeptIdle{std::chrono::minutes(2)};

  explicit LocalFetcher(EventLoop& loop, Duration kept_idle = kKeptIdle);
  ~LocalFetcher() override;
  LocalFetcher(const LocalFetcher&) = delete;
  LocalFetcher& operator=(const LocalFetcher&) = delete;

  Id start(HttpRequest request, Done done) override;
  void cancel(Id id) override;
  /// So many servers are asked again and again, see CurlFetcher.
  void keep_connections(std::size_t servers);
  /// Others than plain exchanges will come: what they need is made ready now.
  void expect_all();

private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

} // namespace backstop
