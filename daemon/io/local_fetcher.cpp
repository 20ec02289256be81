#include "daemon/io/local_fetcher.hpp"
#include "daemon/io/curl_fetcher.hpp"
#include "daemon/io/local_connection.hpp"
#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace backstop {
namespace {

constexpr std::size_t kReadAtOnce = std::size_t{64} << 10; ///< most answers: the loop turns once for them
constexpr std::size_t kMostForeign = 10'000;               ///< URLs; there are no more targets

} // namespace

/// Shared with what is posted: a `done` may destroy the fetcher.
struct LocalFetcher::Impl : std::enable_shared_from_this<LocalFetcher::Impl> {
  struct Exchange {
    HttpRequest request;
    Done done;
    Time begun, deadline;
    std::unique_ptr<LocalConnection> connection;
    std::optional<LocalConnection::End> ended{}; ///< and nobody was told yet
  };
  struct Resting {
    std::unique_ptr<LocalConnection> connection;
    Time since;
  };

  Impl(EventLoop& l, Duration idle) : loop(l), kept_idle(idle), buffer(kReadAtOnce) {
    timer = loop.add_timer([this] { on_time(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() = default;

  void close() {
    under_way.clear();
    resting.clear();
    by_curl.clear();
    curl.reset();
    timer.reset();
  }

  CurlFetcher& all() {
    if (!curl) {
      curl = std::make_unique<CurlFetcher>(loop, &answers);
      curl->keep_connections(kept);
    }
    return *curl;
  }

  std::unique_ptr<LocalConnection> connection_to(const std::string& place) {
    if (const auto found = resting.find(place); found != resting.end() && !found->second.empty()) {
      std::unique_ptr<LocalConnection> kept_one = std::move(found->second.back().connection);
      found->second.pop_back();
      return kept_one;
    }
    return new_connection();
  }
  std::unique_ptr<LocalConnection> new_connection() {
    return std::make_unique<LocalConnection>(loop, answers, buffer,
                                             [this](LocalConnection& c, LocalConnection::End how) { on_end(c, how); });
  }

  void begin(Id id, LocalRequest local, HttpRequest request, Done done) {
    const Time now = loop.fresh_now();
    Exchange& exchange = under_way[id];
    const Time deadline = now + request.timeout;
    exchange = {std::move(request), std::move(done), now, deadline, connection_to(local.place), {}};
    wake_by(exchange.deadline);
    beginning = id;
    exchange.connection->begin(std::move(local), exchange.request, id);
    beginning = 0;
  }

  void wake_by(Time t) {
    if (t >= wakes) return;
    wakes = t;
    timer->arm(t);
  }

  void on_end(LocalConnection& connection, LocalConnection::End how) {
    if (how == LocalConnection::End::gone) return drop_resting(connection);
    const Id id = connection.exchange();
    Exchange& exchange = under_way.at(id);
    exchange.ended = how;
    if (how == LocalConnection::End::stale) return begin_again(id, exchange);
    const bool large = how == LocalConnection::End::whole && connection.received() > AnswersUnderWay::small;
    if (id == beginning || large)
      tell_later(id, large ? EventLoop::kIdle : EventLoop::kNormal);
    else
      tell(id);
  }

  void begin_again(Id id, Exchange& exchange) {
    std::optional<LocalRequest> local = local_request(exchange.request);
    exchange.ended.reset();
    exchange.connection = new_connection();
    exchange.connection->begin(*std::move(local), exchange.request, id);
  }

  /// A large answer takes long to read: it is told of when nothing else is to be done, one in each turn of the loop.
  void tell_later(Id id, EventLoop::Priority priority) {
    loop.post(
        [weak = weak_from_this(), id] {
          if (const auto self = weak.lock(); self && self->under_way.contains(id)) self->tell(id);
        },
        priority);
  }

  void tell(Id id) {
    auto node = under_way.extract(id);
    Exchange& exchange = node.mapped();
    if (exchange.ended == LocalConnection::End::foreign) {
      if (foreign.size() >= kMostForeign) foreign.clear();
      foreign.insert(exchange.request.url);
      exchange.connection.reset();
      return by_all(id, std::move(exchange.request), std::move(exchange.done));
    }
    const Done done = std::move(exchange.done);
    Result<HttpResponse> outcome = exchange.connection->error();
    if (exchange.ended == LocalConnection::End::whole) {
      HttpResponse response = exchange.connection->take();
      response.took = loop.fresh_now() - exchange.begun;
      outcome = std::move(response);
      if (exchange.connection->reusable()) rest(std::move(exchange.connection));
    }
    exchange.connection.reset();
    done(std::move(outcome));
  }

  void rest(std::unique_ptr<LocalConnection> connection) {
    connection->rest();
    const Time now = loop.now();
    wake_by(now + kept_idle);
    std::vector<Resting>& here = resting[connection->place()];
    here.push_back({std::move(connection), now});
  }

  void drop_resting(const LocalConnection& connection) {
    std::erase_if(resting.at(connection.place()), [&](const Resting& r) { return r.connection.get() == &connection; });
  }

  void by_all(Id id, HttpRequest request, Done done) {
    by_curl[id] = all().start(std::move(request), [weak = weak_from_this(), id, done = std::move(done)](auto outcome) {
      if (const auto self = weak.lock()) self->by_curl.erase(id);
      done(std::move(outcome));
    });
  }

  void on_time() {
    const auto self = shared_from_this();
    wakes = kNever;
    const Time now = loop.now();
    std::vector<Id> late;
    for (const auto& [id, exchange] : under_way)
      if (exchange.deadline <= now && !exchange.ended) late.push_back(id);
    for (auto& [place, connections] : resting)
      std::erase_if(connections, [&](const Resting& r) { return r.since + kept_idle <= now; });
    std::erase_if(resting, [](const auto& here) { return here.second.empty(); });
    // Before anybody is told, and for those too: what is thrown there ends this.
    for (const auto& [id, exchange] : under_way)
      if (!exchange.ended) wake_by(exchange.deadline);
    for (const auto& [place, connections] : resting)
      for (const Resting& r : connections) wake_by(r.since + kept_idle);
    for (const Id id : late) tell_late(id);
  }

  void tell_late(Id id) {
    auto node = under_way.extract(id);
    if (node.empty()) return; // cancelled by one that was told
    const Error error = node.mapped().connection->timed_out();
    node.mapped().connection.reset();
    node.mapped().done(error);
  }

  EventLoop& loop;
  const Duration kept_idle;
  AnswersUnderWay answers; // before all that holds some
  std::vector<char> buffer;
  std::unique_ptr<CurlFetcher> curl;
  std::size_t kept = 0;
  std::unique_ptr<EventLoop::Timer> timer;
  Time wakes = kNever;
  std::unordered_map<Id, Exchange> under_way;
  std::unordered_map<std::string, std::vector<Resting>> resting; ///< by place
  std::unordered_map<Id, Id> by_curl;                            ///< its id there
  std::unordered_set<std::string> foreign;                       ///< URLs whose answers are not plain
  Id beginning = 0, last_id = 0;
};

LocalFetcher::LocalFetcher(EventLoop& loop, Duration kept_idle) : impl_(std::make_shared<Impl>(loop, kept_idle)) {}
LocalFetcher::~LocalFetcher() { impl_->close(); }

HttpFetcher::Id LocalFetcher::start(HttpRequest request, Done done) {
  const Id id = ++impl_->last_id;
  std::optional<LocalRequest> local = local_request(request);
  if (local && !impl_->foreign.contains(request.url))
    impl_->begin(id, *std::move(local), std::move(request), std::move(done));
  else
    impl_->by_all(id, std::move(request), std::move(done));
  return id;
}

void LocalFetcher::cancel(Id id) {
  impl_->under_way.erase(id);
  if (const auto other = impl_->by_curl.extract(id)) impl_->curl->cancel(other.mapped());
}

void LocalFetcher::keep_connections(std::size_t servers) {
  impl_->kept = servers;
  if (impl_->curl) impl_->curl->keep_connections(servers);
}

void LocalFetcher::expect_all() { impl_->all(); }

} // namespace backstop
