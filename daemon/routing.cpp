#include "daemon/routing.hpp"
#include "daemon/config/service_key.hpp"
#include <algorithm>
#include <string_view>

namespace backstop {
namespace {

bool has(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// `pattern` is a service, "shop", or its key; "*" at its end stands for any rest.
bool fits_service(std::string_view pattern, std::string_view key) {
  if (!pattern.ends_with('*')) return pattern == key || pattern == config::service_in(key);
  pattern.remove_suffix(1);
  return key.starts_with(pattern);
}

bool fits_severity(const config::Route& route, const std::string& severity) {
  if (route.severities.empty() || has(route.severities, severity)) return true;
  return severity == "resolved" && (has(route.severities, "alert") || has(route.severities, "critical"));
}

bool fits(const config::Route& route, const NoticeSubject& subject) {
  if (!fits_severity(route, subject.severity)) return false;
  if (!route.environments.empty() && !has(route.environments, config::environment_in(subject.service))) return false;
  if (!route.deployments.empty() && !has(route.deployments, subject.kind)) return false;
  return route.services.empty() ||
         std::any_of(route.services.begin(), route.services.end(),
                     [&](const std::string& pattern) { return fits_service(pattern, subject.service); });
}

std::vector<std::string> every_channel(const config::Daemon& daemon) {
  std::vector<std::string> all;
  for (const config::Channel& channel : daemon.channels) all.push_back(channel.name);
  return all;
}

} // namespace

std::vector<std::string> channels_of(const config::Daemon& daemon, const std::vector<std::string>& names) {
  std::vector<std::string> wanted;
  for (const std::string& name : names) {
    if (const auto role = daemon.notify.roles.find(name); role != daemon.notify.roles.end())
      wanted.insert(wanted.end(), role->second.begin(), role->second.end());
    else
      wanted.push_back(name);
  }
  std::vector<std::string> channels = every_channel(daemon);
  std::erase_if(channels, [&](const std::string& channel) { return !has(wanted, channel); });
  return channels;
}

std::vector<std::string> recipients(const config::Daemon& daemon, const NoticeSubject& subject) {
  std::vector<std::string> to;
  bool fitted = false;
  for (const config::Route& route : daemon.notify.routes) {
    if (!fits(route, subject)) continue;
    fitted = true;
    to.insert(to.end(), route.to.begin(), route.to.end());
  }
  return fitted ? channels_of(daemon, to) : every_channel(daemon);
}

} // namespace backstop
