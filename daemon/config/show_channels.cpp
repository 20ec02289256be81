#include "daemon/config/quantities.hpp"
#include "daemon/config/read_parts.hpp"
#include "daemon/config/show.hpp"
#include "daemon/config/show_parts.hpp"
#include <fmt/format.h>

namespace backstop::config {

namespace {

std::string_view name_of(MailRoute::Tls tls) {
  return tls == MailRoute::Tls::starttls ? "starttls" : tls == MailRoute::Tls::tls ? "tls" : "no tls";
}

/// Where the secrets come from, never what they are.
std::vector<std::string> access_words(const Channel& channel) {
  std::vector<std::string> words;
  if (!channel.url.empty()) words.push_back("url from " + show_secret(channel.url));
  if (!channel.key.empty()) {
    const bool signs = channel.type == ChannelType::webhook, logs_in = channel.type == ChannelType::email;
    words.push_back((signs ? "signed with " : logs_in ? "password from " : "key from ") + show_secret(channel.key));
  }
  if (!channel.basic.empty()) words.push_back("basic from " + show_secret(channel.basic));
  if (!channel.ca_file.empty()) words.push_back("CA " + channel.ca_file);
  return words;
}

} // namespace

void show_channel(const Channel& channel, Lines& out) {
  std::vector<std::string> words{channel.name, std::string(name_of(channel.type))};
  if (channel.type == ChannelType::command) words.back() += " " + show_argv(channel.argv);
  if (channel.type == ChannelType::email) {
    const MailRoute& mail = channel.mail;
    words.push_back(fmt::format("{} by {}", mail.server, name_of(mail.tls)));
    words.push_back(fmt::format("from {} to {}", mail.from, fmt::join(mail.to, " ")));
    if (!mail.user.empty()) words.push_back("user " + mail.user);
  }
  for (std::string& word : access_words(channel)) words.push_back(std::move(word));
  if (channel.type == ChannelType::alertmanager)
    words.push_back("open alerts told every " + show_duration(channel.resend));
  if (channel.type == ChannelType::statuspage) {
    words.push_back("page " + channel.page);
    for (const auto& [service, id] : channel.components) words.push_back(fmt::format("{} is {}", service, id));
  }
  words.push_back("timeout " + show_duration(channel.timeout));
  out.entry(0, "channel", words);
}

} // namespace backstop::config
