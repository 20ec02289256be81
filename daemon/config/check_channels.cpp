#include "daemon/config/check.hpp"
#include <fmt/format.h>

/// Whether a channel can work, and keeps what it is trusted with to itself.
namespace backstop::config {

namespace {

/// Whether `place`, "127.0.0.1:587" or "localhost/path", is on this host. The name of another may begin like it.
bool stays_here(std::string_view place) {
  const std::size_t end = place.starts_with('[') ? place.find(']') + 1 : place.find_first_of(":/?#");
  const std::string_view host = place.substr(0, end), rest = place.substr(host.size());
  if (!rest.empty() && std::string_view(":/?#").find(rest.front()) == std::string_view::npos) return false;
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

void fault(Sheet& sheet, const std::string& path, std::string_view what, std::string_view how) {
  sheet.fault(sheet.places.of(path), fmt::format("{}: {}", path, what), how);
}

/// A key that is sent with each request to a URL that stands in the file, so that one can see how it travels.
void check_clear(const Channel& channel, const std::string& path, Sheet& sheet) {
  constexpr std::string_view http = "http://";
  const std::string& url = channel.url.inline_value;
  const bool sent = channel.type != ChannelType::webhook && (!channel.key.empty() || !channel.basic.empty());
  if (sent && url.starts_with(http) && !stays_here(std::string_view(url).substr(http.size())))
    fault(sheet, path + ".url", "the key would be sent in clear", "write https://");
}

void check_server(const std::string& server, const std::string& path, Sheet& sheet) {
  const auto colon = server.rfind(':');
  const std::string port = colon == std::string::npos ? "" : server.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  const std::string host = server.substr(0, colon == std::string::npos ? 0 : colon);
  const bool plain = !host.empty() && host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                             "0123456789.-[]:") == std::string::npos;
  if (!plain || !digits || std::stoi(port) < 1 || std::stoi(port) > 65535)
    fault(sheet, path + ".server", fmt::format("\"{}\" is no address", server),
          "write HOST:PORT, mostly :587 with tls: starttls or :465 with tls: tls");
}

void check_email(const Channel& channel, const std::string& path, Sheet& sheet) {
  const MailRoute& mail = channel.mail;
  if (!mail.server.empty()) check_server(mail.server, path, sheet);
  if (mail.user.empty() != channel.key.empty())
    fault(sheet, path, "user and password go together", "write both or neither");
  if (mail.tls != MailRoute::Tls::none || stays_here(mail.server)) return;
  if (!channel.key.empty())
    fault(sheet, path + ".tls", "the password would be sent in clear", "write starttls or tls");
  else
    sheet.warn(sheet.places.of(path + ".tls"),
               fmt::format("{}.tls: mail to {} can be read and changed on its way", path, mail.server),
               "write starttls or tls");
}

} // namespace

void check_channels(const Daemon& daemon, Sheet& sheet) {
  for (const Channel& channel : daemon.channels) {
    const std::string path = "channels." + channel.name;
    check_clear(channel, path, sheet);
    if (channel.type == ChannelType::email) check_email(channel, path, sheet);
    if (!channel.key.empty() && !channel.basic.empty())
      fault(sheet, path, "bearer and basic exclude each other", "keep one");
    if (channel.type == ChannelType::command && !channel.argv.empty() && channel.argv[0].front() != '/')
      fault(sheet, path + ".argv[0]", fmt::format("\"{}\" is no absolute path", channel.argv[0]),
            "no PATH is searched: write it from / on");
  }
}

} // namespace backstop::config
