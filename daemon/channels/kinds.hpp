#pragma once
#include "collectors/http_fetcher.hpp"
#include "daemon/channels/occasion.hpp"
#include "daemon/config/config.hpp"
#include "daemon/json.hpp"
#include "daemon/mail_sender.hpp"
#include "daemon/seams.hpp"
#include <optional>
#include <string>

/// Each kind of channel turns a notice into exchanges over HTTP, one after the other. All pure.
namespace backstop::channels {

/// Read from files and credentials for one attempt; never shown. Empty where a channel has none.
struct Secrets {
  std::string url, key, basic;
};

/// One attempt to send one notice through one channel.
struct Sending {
  config::Channel channel;
  Secrets secrets;
  Occasion what;
  std::string host; ///< that this daemon runs on: ids of incidents are its own
  Time now{};
};

/// Whether a channel is told of such a thing at all: a paging service does not hear that all is well, a public status page
/// not what goes on inside. Asked before a notice is queued.
bool takes(const config::Channel& channel, const Occasion& what);

/// The exchange number `step`, from 0; `before` is the answer to the one before it, of a status that was taken, null for
/// the first. Nothing: there is no more to say. Not for channels of type command and email.
std::optional<HttpRequest> next_request(const Sending& sending, int step, const HttpResponse* before);

/// What came of an exchange: Delivery::status is good where the next one may follow.
Delivery judge(const Sending& sending, const HttpResponse& answer);

/// The mail of a channel of type email.
Mail mail_of(const Sending& sending);

// the kinds, as next_request
std::optional<HttpRequest> webhook(const Sending& s, int step);
std::optional<HttpRequest> slack(const Sending& s, int step);
std::optional<HttpRequest> teams(const Sending& s, int step);
std::optional<HttpRequest> pagerduty(const Sending& s, int step);
std::optional<HttpRequest> opsgenie(const Sending& s, int step);
std::optional<HttpRequest> alertmanager(const Sending& s, int step);
std::optional<HttpRequest> statuspage(const Sending& s, int step, const HttpResponse* before);
std::optional<HttpRequest> cdevents(const Sending& s, int step);

/// A POST of JSON to the channel's URL with `path` behind it, as all kinds begin.
HttpRequest json_post(const Sending& s, const std::string& path, const Json& body);

/// ISO 8601 in UTC, to the second.
std::string iso_time(Time t);

} // namespace backstop::channels
