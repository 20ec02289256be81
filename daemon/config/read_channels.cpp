#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>

/// `channels` of backstop.yaml.
namespace backstop::config {

namespace {

constexpr Duration kLeastResend{std::chrono::seconds(1)};

/// Of a service that has one address for all: another one is a region, or a test.
void read_address(const Mapping& mapping, const char* usual, Secret& url) {
  url.inline_value = usual;
  if (mapping.has("url")) url = {};
  read_secret(mapping, "url", url, Inline::url);
}

/// An address alone ("ana@example.org"): what else a header may hold is no business of the configuration.
bool is_mail_address(const std::string& text) {
  const auto at = text.find('@');
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7f &&
           std::string_view("<>()[]\\,;:\"").find(static_cast<char>(c)) == std::string_view::npos;
  });
  return plain && at != std::string::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string::npos;
}

void check_mail_address(const Mapping& mapping, const char* key, const std::string& text) {
  if (!text.empty() && !is_mail_address(text))
    mapping.fault(key, fmt::format("\"{}\" is no mail address", shortened(text)),
                  "write the address alone: ana@example.org");
}

void read_email(const Mapping& mapping, Channel& channel) {
  MailRoute& mail = channel.mail;
  channel.timeout = std::chrono::seconds(30); // servers that look hard at who comes take their time
  mapping.duration("timeout", channel.timeout);
  mapping.text("server", mail.server);
  mapping.word<MailRoute::Tls>(
      "tls", mail.tls,
      {{"starttls", MailRoute::Tls::starttls}, {"tls", MailRoute::Tls::tls}, {"none", MailRoute::Tls::none}});
  mapping.text("user", mail.user);
  read_secret(mapping, "password", channel.key, Inline::nothing);
  mapping.text("from", mail.from);
  check_mail_address(mapping, "from", mail.from);
  mapping.texts("to", mail.to);
  for (const std::string& to : mail.to) check_mail_address(mapping, "to", to);
  mapping.file("ca_file", channel.ca_file);
}

/// Names of services as they are known everywhere: with their environment.
void read_components(const Mapping& mapping, std::map<std::string, std::string>& out) {
  const Node* node = mapping.find("components");
  if (node == nullptr) return;
  const std::string path = mapping.path_of("components");
  if (node->kind == Node::Kind::mapping && node->entries.empty())
    return mapping.fault("components", "the mapping is empty", "write the services that the page shows");
  if (node->kind != Node::Kind::mapping)
    return mapping.fault("components", fmt::format("a mapping is wanted, here is {}", kind_of(*node)),
                         "write {SERVICE/ENVIRONMENT: ID OF ITS COMPONENT}");
  for (const auto& [key, value] : node->entries) {
    const auto name = scalar_of(mapping.sheet(), key, path);
    if (!name) continue;
    const auto slash = name->find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == name->size()) {
      mapping.sheet().fault(key.place, fmt::format("{}: \"{}\" is no SERVICE/ENVIRONMENT", path, shortened(*name)),
                            "write checkout/production");
      continue;
    }
    if (auto id = scalar_of(mapping.sheet(), value, path + "." + *name))
      if (!out.emplace(*name, std::move(*id)).second)
        mapping.sheet().fault(key.place, fmt::format("{}: {} is written twice", path, shortened(*name)), "keep one");
  }
}

void read_kind(const Mapping& mapping, Channel& channel) {
  switch (channel.type) {
  case ChannelType::webhook:
    read_secret(mapping, "url", channel.url, Inline::url);
    read_secret(mapping, "secret", channel.key, Inline::nothing);
    break;
  case ChannelType::command: mapping.texts("argv", channel.argv); return;
  case ChannelType::slack:
  case ChannelType::teams: read_secret(mapping, "url", channel.url, Inline::nothing); break;
  case ChannelType::pagerduty:
    read_address(mapping, "https://events.pagerduty.com", channel.url);
    read_secret(mapping, "routing_key", channel.key, Inline::nothing);
    return;
  case ChannelType::opsgenie:
    read_address(mapping, "https://api.opsgenie.com", channel.url);
    read_secret(mapping, "api_key", channel.key, Inline::nothing);
    return;
  case ChannelType::email: read_email(mapping, channel); return;
  case ChannelType::alertmanager:
    read_secret(mapping, "url", channel.url, Inline::url);
    read_secret(mapping, "bearer", channel.key, Inline::nothing);
    read_secret(mapping, "basic", channel.basic, Inline::nothing);
    mapping.duration("resend", channel.resend, kLeastResend);
    mapping.text("generator_url", channel.generator_url);
    if (!channel.generator_url.empty()) check_url(mapping, "generator_url", channel.generator_url);
    break;
  case ChannelType::statuspage:
    read_address(mapping, "https://api.statuspage.io", channel.url);
    mapping.name("page", channel.page);
    read_secret(mapping, "api_key", channel.key, Inline::nothing);
    read_components(mapping, channel.components);
    return;
  case ChannelType::cdevents:
    read_secret(mapping, "url", channel.url, Inline::url);
    read_secret(mapping, "bearer", channel.key, Inline::nothing);
    break;
  }
  if (channel.type != ChannelType::teams) mapping.file("ca_file", channel.ca_file);
}

} // namespace

const std::vector<Word<ChannelType>>& channel_types() {
  static const std::vector<Word<ChannelType>> all{
      {"webhook", ChannelType::webhook},       {"command", ChannelType::command},
      {"slack", ChannelType::slack},           {"teams", ChannelType::teams},
      {"pagerduty", ChannelType::pagerduty},   {"opsgenie", ChannelType::opsgenie},
      {"email", ChannelType::email},           {"alertmanager", ChannelType::alertmanager},
      {"statuspage", ChannelType::statuspage}, {"cdevents", ChannelType::cdevents}};
  return all;
}

std::string_view name_of(ChannelType type) {
  for (const Word<ChannelType>& word : channel_types())
    if (word.value == type) return word.text;
  return {};
}

void read_channel(const Mapping& root, const Node& node, Channel& out) {
  const std::string path = "channels." + out.name;
  std::vector<std::string_view> known;
  for (const Word<ChannelType>& word : channel_types()) known.push_back(word.text);
  // The type decides which keys there are, so it is looked at before the mapping is opened.
  const auto type = type_of(root.sheet(), node, "type", path, known, "channel");
  if (!type) return;
  for (const Word<ChannelType>& word : channel_types())
    if (word.text == *type) out.type = word.value;
  const Mapping mapping(root.sheet(), node, "channel/" + *type, path);
  if (!mapping.ok()) return;
  mapping.duration("timeout", out.timeout);
  read_kind(mapping, out);
}

} // namespace backstop::config
