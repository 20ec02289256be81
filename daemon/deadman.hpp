#pragma once
#include "collectors/http_fetcher.hpp"
#include "daemon/app.hpp"
#include "daemon/channel_notifier.hpp"
#include "daemon/config/config.hpp"
#include "daemon/json.hpp"
#include "daemon/seams.hpp"
#include <cstdint>
#include <optional>
#include <string>

namespace backstop {

/// Tells an outside service at intervals that this daemon lives and acts, for a dead host cannot page: the service pages
/// when it hears nothing. A timer of the loop drives it, so a loop that stands still is silent; and it keeps silent while
/// the daemon could not do its work (silent_because).
class Deadman {
public:
  Deadman(HttpFetcher& fetcher, ReadSecret read_secret, Log& log);
  ~Deadman();
  Deadman(const Deadman&) = delete;
  Deadman& operator=(const Deadman&) = delete;

  /// Nothing: no pings. A change is pinged at the next tick.
  void configure(const std::optional<config::Deadman>& wanted);
  /// Pings where it is due and `silent_because` is empty. Gives when it is due next; kNever where none is configured.
  Time tick(Time now, const std::string& silent_because);

  struct Health {
    bool configured = false;
    Time last_ok{};     ///< the last ping that was taken; zero: none yet
    std::string silent; ///< why none is sent
    std::string error;  ///< why the last one was not taken
    std::uint64_t taken = 0, failed = 0;
    /// What is sent is taken, or nobody was asked yet.
    [[nodiscard]] bool well() const { return silent.empty() && error.empty(); }
  };
  [[nodiscard]] const Health& health() const { return health_; }

private:
  void ping(Time now);
  void ended(const Status& taken, Time sent);

  HttpFetcher& fetcher_;
  ReadSecret read_secret_;
  Log& log_;
  std::optional<config::Deadman> wanted_;
  std::optional<HttpFetcher::Id> under_way_;
  Time next_{};
  Health health_;
};

/// Why the daemon could not do its work now, so that the outside service is to page; empty: it could. It only observes,
/// no service is watched, or not one target of all sources can be read. One service that does not answer is no reason:
/// its own rules tell of it.
std::string silent_because(const App& app);

/// `deadman` of GET /v1/status; null where none is configured.
Json deadman_view(const Deadman::Health& health);

} // namespace backstop
