#include "daemon/channel_notifier.hpp"
#include "daemon/channels/escape.hpp"
#include "daemon/step_order.hpp"
#include <utility>

namespace backstop {
namespace {

Delivery failed(const std::string& channel, const Error& why, Duration retry_after = {}) {
  return {why.in("channel " + channel), retry_after, ""};
}

/// RFC 5321: 2yz taken, 4yz not now, 5yz not so.
Delivery judge(const MailAnswer& answer) {
  const std::string told = "the mail server answered " + channels::plain_line(answer.text, 200);
  if (answer.code >= 200 && answer.code < 300) return {{}, {}, told};
  if (answer.code < 500) return {fail(Errc::io, told), {}, ""};
  return {fail(Errc::refused, told + " (it does not take this mail)"), std::chrono::minutes(10), ""};
}

} // namespace

ChannelNotifier::ChannelNotifier(Ways ways, ReadSecret read_secret, Now now, std::string host)
    : ways_(ways), read_secret_(std::move(read_secret)), now_(std::move(now)), host_(std::move(host)) {}

void ChannelNotifier::set_channels(const std::vector<config::Channel>& channels) {
  channels_.clear();
  for (const config::Channel& channel : channels) channels_[channel.name] = channel;
}

void ChannelNotifier::send(const Notice& notice, Done done) {
  start(notice, [this, done = std::move(done)](Delivery delivery) {
    delivery.at = now_();
    done(delivery);
    if (after_done) after_done();
  });
}

void ChannelNotifier::start(const Notice& notice, Done done) {
  const auto it = channels_.find(notice.channel);
  if (it == channels_.end()) {
    // Configured when it was queued, and gone since: said once, kept in the dead letters after its time.
    return done({fail(Errc::not_found, "channel '" + notice.channel + "' is not configured any more"),
                 std::chrono::minutes(5), ""});
  }
  const config::Channel& channel = it->second;
  if (channel.type == config::ChannelType::command) return run(channel, notice, std::move(done));
  Result<channels::Secrets> secrets = secrets_of(channel);
  if (!secrets) return done(failed(channel.name, secrets.error()));
  const auto sending = std::make_shared<const channels::Sending>(
      channels::Sending{channel, *std::move(secrets), channels::occasion_of(notice), host_, now_()});
  channel.type == config::ChannelType::email ? mail(sending, done) : exchange(sending, 0, nullptr, "", done);
}

Result<channels::Secrets> ChannelNotifier::secrets_of(const config::Channel& channel) {
  channels::Secrets secrets;
  const std::pair<const config::Secret&, std::string&> wanted[]{
      {channel.url, secrets.url}, {channel.key, secrets.key}, {channel.basic, secrets.basic}};
  for (const auto& [secret, value] : wanted) {
    if (secret.empty()) continue;
    Result<std::string> read = read_secret_(secret);
    if (!read) return read.error();
    value = *std::move(read);
  }
  return secrets;
}

void ChannelNotifier::exchange(const Sent& sending, int step, const HttpResponse* before, const std::string& answer,
                               const Done& done) {
  std::optional<HttpRequest> request = channels::next_request(*sending, step, before);
  if (!request) return done({{}, {}, answer});
  ways_.fetcher.start(*std::move(request), [this, sending, step, done](const Result<HttpResponse>& response) {
    const std::string& name = sending->channel.name;
    if (!response) return done(failed(name, response.error()));
    const Delivery taken = channels::judge(*sending, *response);
    if (!taken.status) return done(failed(name, taken.status.error(), taken.retry_after));
    exchange(sending, step + 1, &*response, taken.answer, done);
  });
}

void ChannelNotifier::mail(const Sent& sending, const Done& done) {
  ways_.mails.send(channels::mail_of(*sending), [sending, done](const Result<MailAnswer>& answer) {
    if (!answer) return done(failed(sending->channel.name, answer.error()));
    const Delivery taken = judge(*answer);
    done(taken.status ? taken : failed(sending->channel.name, taken.status.error(), taken.retry_after));
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
  if (!command) return done({command.error(), {}, ""});
  // Each delivery attempt is a run of its own, also across restarts: at least once is what a notice wants.
  const StepKey key{notice.key, "notice", std::to_string(to_us(now_())), next_attempt_++};
  if (Status s = ways_.steps.start(key, *command); !s) return done(failed(channel.name, s.error()));
  running_[key] = std::move(done);
}

bool ChannelNotifier::on_step_finished(const StepKey& key, const StepOutcome& outcome) {
  if (key.procedure != "notice") return false;
  ways_.steps.forget(key);
  const auto it = running_.find(key);
  if (it == running_.end()) return true;
  const Done done = std::move(it->second);
  running_.erase(it);
  if (outcome.succeeded()) {
    done({{}, {}, "the command ended with 0"});
  } else {
    done({fail(Errc::io, "the channel's command: " + std::string(name_of(outcome.end)) + " " +
                             std::to_string(outcome.status) + " " + outcome.detail),
          {},
          ""});
  }
  return true;
}

} // namespace backstop
