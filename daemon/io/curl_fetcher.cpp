#include "daemon/io/curl_fetcher.hpp"
#include "daemon/io/curl_exchange.hpp"
#include "daemon/io/curl_multi.hpp"
#include <algorithm>
#include <unordered_map>

namespace backstop {
namespace {

/// Idle connections kept for the next exchange at least. libcurl's own default follows the number of exchanges under way,
/// and would close most connections between two rounds of scrapes.
constexpr std::size_t kKeptConnections = 128;

/// A larger answer takes long to read: it is told of when nothing else is to be done, one in each turn of the loop.
constexpr std::size_t kSoon = AnswersUnderWay::small;

/// And while it comes: a socket that was served so often for one answer is served when nothing else is to be done.
constexpr int kServedSoon = AnswersUnderWay::small / CurlExchange::kReadAtOnce;

} // namespace

/// Shared with the handlers that run it: a `done` may destroy the fetcher.
struct CurlFetcher::Impl : std::enable_shared_from_this<CurlFetcher::Impl> {
  struct Pending {
    std::unique_ptr<CurlExchange> exchange;
    Done done;
    Id id = 0;
  };

  Impl(EventLoop& l, AnswersUnderWay* shared)
      : loop(l), under_way(shared ? *shared : own), multi(std::make_unique<CurlMulti>(
                                                        loop,
                                                        [this](CURL* easy, CURLcode code) {
                                                          const auto self = shared_from_this();
                                                          finish(easy, code);
                                                        },
                                                        kServedSoon)) {
    multi->keep_connections(kKeptConnections);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void close() {
    for (auto& [id, p] : pending) multi->remove(p.exchange->easy());
    pending.clear();
    multi.reset();
  }

  void finish(CURL* easy, CURLcode code) {
    char* owner = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    const Pending& p = *reinterpret_cast<Pending*>(owner);
    if (code != CURLE_OK || p.exchange->received() <= kSoon) return tell(p.id, code);
    loop.post(
        [weak = weak_from_this(), id = p.id, code] {
          if (const auto self = weak.lock()) self->tell(id, code);
        },
        EventLoop::kIdle);
  }

  void tell(Id id, CURLcode code) {
    const auto found = pending.find(id);
    if (found == pending.end()) return; // cancelled meanwhile
    Pending p = std::move(found->second);
    pending.erase(found);
    Result<HttpResponse> outcome = p.exchange->outcome(code);
    p.exchange.reset();
    p.done(std::move(outcome));
  }

  /// For a request that cannot even be made: told from the loop like every other outcome.
  void fail_later(Id id, Error error) {
    loop.post([weak = weak_from_this(), id, error = std::move(error)] {
      const auto self = weak.lock();
      if (!self) return;
      const auto found = self->pending.find(id);
      if (found == self->pending.end()) return;
      const Done done = std::move(found->second.done);
      self->pending.erase(found);
      done(error);
    });
  }

  EventLoop& loop;
  AnswersUnderWay own; // before pending, which counts down
  AnswersUnderWay& under_way;
  std::unordered_map<Id, Pending> pending;
  std::unique_ptr<CurlMulti> multi;
  Id last_id = 0;
};

CurlFetcher::CurlFetcher(EventLoop& loop, AnswersUnderWay* under_way)
    : impl_(std::make_shared<Impl>(loop, under_way)) {}
CurlFetcher::~CurlFetcher() { impl_->close(); }

HttpFetcher::Id CurlFetcher::start(HttpRequest request, Done done) {
  const Id id = ++impl_->last_id;
  Impl::Pending& p = impl_->pending[id];
  p = {std::make_unique<CurlExchange>(std::move(request), impl_->loop.barrier(), &impl_->under_way), std::move(done),
       id};
  if (Status prepared = p.exchange->prepare(); !prepared) {
    impl_->fail_later(id, prepared.error());
    return id;
  }
  curl_easy_setopt(p.exchange->easy(), CURLOPT_PRIVATE, &p);
  impl_->multi->add_and_begin(p.exchange->easy());
  return id;
}

void CurlFetcher::keep_connections(std::size_t servers) {
  impl_->multi->keep_connections(std::max(servers, kKeptConnections));
}

void CurlFetcher::cancel(Id id) {
  const auto found = impl_->pending.find(id);
  if (found == impl_->pending.end()) return;
  impl_->multi->remove(found->second.exchange->easy());
  impl_->pending.erase(found);
}

} // namespace backstop
