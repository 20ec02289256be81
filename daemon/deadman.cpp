#include "daemon/deadman.hpp"
#include "daemon/message_ids.hpp"
#include "daemon/views.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

constexpr Duration kLongest = std::chrono::seconds(10); ///< for one exchange; a shorter interval bounds it too

} // namespace

Deadman::Deadman(HttpFetcher& fetcher, ReadSecret read_secret, Log& log)
    : fetcher_(fetcher), read_secret_(std::move(read_secret)), log_(log) {}

Deadman::~Deadman() {
  if (under_way_) fetcher_.cancel(*under_way_);
}

void Deadman::configure(const std::optional<config::Deadman>& wanted) {
  if (wanted == wanted_) return;
  if (under_way_) fetcher_.cancel(*std::exchange(under_way_, std::nullopt));
  wanted_ = wanted;
  next_ = Time{};
  health_ = {};
  health_.configured = wanted.has_value();
}

Time Deadman::tick(Time now, const std::string& silent_because) {
  if (!wanted_) return kNever;
  if (now < next_) return next_;
  next_ = now + wanted_->every;
  if (std::exchange(health_.silent, silent_because) != silent_because)
    log_.write(silent_because.empty() ? LogLevel::info : LogLevel::warning,
               silent_because.empty() ? "dead-man pings are sent again"
                                      : "no dead-man pings, so that the outside service pages: " + silent_because,
               {message_field(silent_because.empty() ? Message::deadman_resumed : Message::deadman_silent)});
  if (silent_because.empty() && !under_way_) ping(now);
  return next_;
}

void Deadman::ping(Time now) {
  Result<std::string> url = read_secret_(wanted_->url);
  if (!url) return ended(url.error(), now);
  HttpRequest request;
  request.url = *std::move(url);
  request.timeout = std::min(kLongest, wanted_->every);
  request.max_bytes = std::size_t{64} << 10;
  request.secret_path = true; // whoever has the URL could keep the outside service silent
  under_way_ = fetcher_.start(std::move(request), [this, now](const Result<HttpResponse>& answer) {
    under_way_.reset();
    if (!answer) return ended(answer.error(), now);
    if (answer->status >= 200 && answer->status < 300) return ended({}, now);
    ended(fail(Errc::io, "answered status " + std::to_string(answer->status)), now);
  });
}

void Deadman::ended(const Status& taken, Time sent) {
  ++(taken ? health_.taken : health_.failed);
  if (taken) health_.last_ok = sent;
  const bool was_well = health_.error.empty();
  health_.error = taken ? "" : taken.error().what;
  if (was_well && !taken)
    log_.write(LogLevel::warning, "the dead-man ping is not taken: " + health_.error + "; see deadman.url",
               {message_field(Message::deadman_not_taken)});
  if (!was_well && taken)
    log_.write(LogLevel::info, "the dead-man ping is taken again", {message_field(Message::deadman_resumed)});
}

std::string silent_because(const App& app) {
  if (const std::string why = app.degraded(); !why.empty()) return "backstopd only observes: " + why;
  if (app.watches().empty()) return "no service is watched";
  std::string why;
  for (const auto& [key, watch] : app.watches()) {
    for (const auto& targets : watch->sources) {
      for (const SourceHealth& target : targets) {
        if (target.scrapes == 0 || target.up) return {}; // not asked yet is no outage
        why = target.why;
      }
    }
  }
  return "no source of any service can be read: " + why;
}

Json deadman_view(const Deadman::Health& health) {
  if (!health.configured) return {};
  return Json::object()
      .set("well", health.well())
      .set("last_ok", wall(health.last_ok))
      .set("silent", health.silent)
      .set("error", health.error);
}

} // namespace backstop
