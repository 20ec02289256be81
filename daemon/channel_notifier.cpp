#include "daemon/channel_notifier.hpp"
#include "daemon/step_order.hpp"
#include <charconv>
#include <utility>

namespace backstop {
namespace {

/// Retry-After in seconds; its date form is rare and not worth a clock here: our own backoff serves.
Duration retry_after(const std::string& header) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  const bool whole = error == std::errc{} && end == header.data() + header.size();
  return whole && seconds > 0 ? std::chrono::seconds(std::min(seconds, 3600)) : Duration{};
}

} // namespace

ChannelNotifier::ChannelNotifier(HttpFetcher& fetcher, StepRunner& steps, ReadSecret read_secret, Now now)
    : fetcher_(fetcher), steps_(steps), read_secret_(std::move(read_secret)), now_(std::move(now)) {}

void ChannelNotifier::set_channels(const std::vector<config::Channel>& channels) {
  channels_.clear();
  for (const config::Channel& channel : channels) channels_[channel.name] = channel;
}

void ChannelNotifier::send(const Notice& notice, Done done) {
  const auto it = channels_.find(notice.channel);
  if (it == channels_.end()) {
    // Configured when it was queued, and gone since: said once, kept in the dead letters after its time.
    return done(fail(Errc::not_found, "channel '" + notice.channel + "' is not configured any more"),
                std::chrono::minutes(5));
  }
  it->second.type == config::ChannelType::webhook ? post(it->second, notice, std::move(done))
                                                  : run(it->second, notice, std::move(done));
}

void ChannelNotifier::post(const config::Channel& channel, const Notice& notice, Done done) {
  Result<std::string> url = read_secret_(channel.url);
  if (!url) return done(url.error().in("channel " + channel.name), Duration{});
  Json body = Json::object();
  body.set("key", notice.key).set("severity", notice.severity).set("title", notice.title);
  if (Result<Json> details = Json::parse(notice.body)) body.set("details", *std::move(details));
  HttpRequest request;
  request.method = "POST";
  request.url = *std::move(url);
  request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", notice.key}};
  request.body = body.dump();
  request.timeout = channel.timeout;
  request.max_bytes = std::size_t{64} << 10;
  request.secret_path = true; // whoever has the URL of a webhook may post to it
  fetcher_.start(std::move(request), [name = channel.name, done = std::move(done)](Result<HttpResponse> response) {
    if (!response) return done(response.error().in("channel " + name), Duration{});
    if (response->status >= 200 && response->status < 300) return done({}, Duration{});
    done(fail(Errc::io, "channel " + name + ": answered status " + std::to_string(response->status)),
         retry_after(response->retry_after));
  });
}

void ChannelNotifier::run(const config::Channel& channel, const Notice& notice, Done done) {
  const StepOrder order{StepOrder::Act::channel,
                        {},
                        {},
                        channel.name,
                        {{"key", one_line(notice.key)},
                         {"severity", notice.severity},
                         {"title", one_line(notice.title)},
                         {"body", notice.body}}};
  const Result<StepCommand> command = command_for(channel, order);
  if (!command) return done(command.error(), Duration{});
  // Each delivery attempt is a run of its own, also across restarts: at least once is what a notice wants.
  const StepKey key{notice.key, "notice", std::to_string(to_us(now_())), next_attempt_++};
  if (Status s = steps_.start(key, *command); !s) return done(s.error().in("channel " + channel.name), Duration{});
  running_[key] = std::move(done);
}

bool ChannelNotifier::on_step_finished(const StepKey& key, const StepOutcome& outcome) {
  if (key.procedure != "notice") return false;
  steps_.forget(key);
  const auto it = running_.find(key);
  if (it == running_.end()) return true;
  const Done done = std::move(it->second);
  running_.erase(it);
  if (outcome.succeeded()) {
    done({}, Duration{});
  } else {
    done(fail(Errc::io, "the channel's command: " + std::string(name_of(outcome.end)) + " " +
                            std::to_string(outcome.status) + " " + outcome.detail),
         Duration{});
  }
  return true;
}

} // namespace backstop
