#include "daemon/channels/kinds.hpp"
#include <chrono>
#include <fmt/format.h>

namespace backstop::channels {
namespace {

using config::ChannelType;

/// Public, so only what users of the service notice: that something is wrong with it, and that it is over.
bool is_public(const config::Channel& channel, const Occasion& what) {
  if (what.action() == Action::test) return true; // asks the page for its incidents, and publishes nothing
  const bool weighs = what.severity == "critical" || what.severity == "resolved";
  return weighs && !what.incident.empty() && channel.components.contains(what.service);
}

} // namespace

bool takes(const config::Channel& channel, const Occasion& what) {
  const Action action = what.action();
  const bool deployed = what.event == "deployed"; // said for machines that follow deployments: to people it is no news
  // Reminders are for people. Who shows how things stand would show them worse than they are.
  const bool reminder = what.event == "escalated" || what.event == "repeat" || what.event.starts_with("review_");
  switch (channel.type) {
  case ChannelType::webhook:
  case ChannelType::command:
  case ChannelType::slack:
  case ChannelType::teams:
  case ChannelType::email: return !deployed;
  case ChannelType::pagerduty: return true; // what is no incident is a change event
  case ChannelType::opsgenie: return action != Action::inform;
  case ChannelType::alertmanager: return !reminder && action != Action::inform && action != Action::acknowledge;
  case ChannelType::statuspage: return !reminder && is_public(channel, what);
  case ChannelType::cdevents:
    return deployed || action == Action::test || what.event == "rolled_back" ||
           (!reminder && !what.incident.empty() && (action == Action::trigger || action == Action::resolve));
  }
  return true;
}

std::optional<HttpRequest> next_request(const Sending& s, int step, const HttpResponse* before) {
  switch (s.channel.type) {
  case ChannelType::webhook: return webhook(s, step);
  case ChannelType::slack: return slack(s, step);
  case ChannelType::teams: return teams(s, step);
  case ChannelType::pagerduty: return pagerduty(s, step);
  case ChannelType::opsgenie: return opsgenie(s, step);
  case ChannelType::alertmanager: return alertmanager(s, step);
  case ChannelType::statuspage: return statuspage(s, step, before);
  case ChannelType::cdevents: return cdevents(s, step);
  case ChannelType::command:
  case ChannelType::email: break;
  }
  return std::nullopt;
}

HttpRequest json_post(const Sending& s, const std::string& path, const Json& body) {
  HttpRequest request;
  request.method = "POST";
  request.url = s.secrets.url;
  if (!path.empty() && request.url.ends_with('/')) request.url.pop_back();
  request.url += path;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body.dump();
  request.timeout = s.channel.timeout;
  request.max_bytes = std::size_t{1} << 20;
  request.ca_file = s.channel.ca_file;
  request.secret_path = true; // whoever has the URL of a webhook may post to it
  return request;
}

std::string iso_time(Time t) {
  const std::chrono::sys_seconds point{std::chrono::floor<std::chrono::seconds>(t.time_since_epoch())};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const auto s = (point - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), s / 3600, s / 60 % 60,
                     s % 60);
}

} // namespace backstop::channels
