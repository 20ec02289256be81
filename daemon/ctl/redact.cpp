#include "daemon/ctl/redact.hpp"
#include "daemon/io/postgresql_dsn.hpp"
#include "daemon/json.hpp"
#include <algorithm>
#include <cctype>
#include <string_view>
#include <variant>

namespace backstop::ctl {
namespace {

constexpr std::size_t kShortest = 4;
constexpr std::string_view kHidden = "***";

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// Ends a value that follows a telling name, and a word of a URL.
bool ends_word(char c) { return is_space(c) || c == '"' || c == '\'' || c == ',' || c == ';' || c == '<' || c == '>'; }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_telling(std::string_view name) {
  for (const std::string_view word :
       {"password", "passwd", "pwd", "passphrase", "token", "secret", "apikey", "api_key", "api-key", "access_key",
        "access-key", "private_key", "private-key", "bearer", "authorization"}) {
    if (name.ends_with(word)) return true;
  }
  return false;
}

/// "token=x", "--token x", "\"token\": \"x\"", "Authorization: Bearer x": the x.
std::string without_named_values(const std::string& text) {
  const std::string small = lower(text);
  std::string out;
  std::size_t i = 0;
  while (i < text.size()) {
    const auto is_name = [&](std::size_t at) {
      const char c = small[at];
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    };
    if (!is_name(i)) {
      out += text[i++];
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_name(end)) ++end;
    out.append(text, i, end - i);
    const std::string_view name = std::string_view(small).substr(i, end - i);
    i = end;
    if (!is_telling(name)) continue;
    const bool option = name.starts_with("--");
    std::size_t value = end;
    while (value < text.size() && (text[value] == '"' || text[value] == '\\')) ++value;
    const std::size_t sign = value;
    while (value < text.size() && (text[value] == '=' || text[value] == ':' || text[value] == ',')) ++value;
    const bool assigned = value > sign;
    while (value < text.size() &&
           (text[value] == ' ' || text[value] == '"' || text[value] == '\'' || text[value] == '\\'))
      ++value;
    if (!assigned && !option && name != "bearer") continue; // "the token of the shop": prose
    std::size_t past = value;
    while (past < text.size() && !ends_word(text[past]) && text[past] != '\\') ++past;
    if (past == value) continue;
    out.append(text, end, value - end);
    std::string word = small.substr(value, past - value);
    while (word.size() > 1 && (word.back() == '}' || word.back() == ']')) word.pop_back();
    if (word == "bearer" || word == "basic") { // the value is the next word
      out.append(text, value, past - value);
      while (past < text.size() && text[past] == ' ') out += text[past++];
      while (past < text.size() && !ends_word(text[past])) ++past;
    }
    // Where a secret comes from is no secret.
    if ((name == "bearer" && word == "from") || word == "null" || word == "true" || word == "false" ||
        word.front() == '{' || word.front() == '[') {
      out.append(text, value, past - value);
    } else {
      out += kHidden;
    }
    i = past;
  }
  return out;
}

/// Of every URL the user, and what stands behind a question mark.
std::string without_url_secrets(const std::string& text) {
  std::string out;
  std::size_t i = 0;
  while (true) {
    const std::size_t mark = text.find("://", i);
    if (mark == std::string::npos) return out + text.substr(i);
    const std::size_t start = mark + 3;
    std::size_t end = start;
    while (end < text.size() && !ends_word(text[end])) ++end;
    std::string rest = text.substr(start, end - start);
    const std::string authority = rest.substr(0, rest.find_first_of("/?#"));
    if (const std::size_t at = authority.rfind('@'); at != std::string::npos)
      rest = std::string(kHidden) + rest.substr(at);
    if (const std::size_t query = rest.find('?'); query != std::string::npos)
      rest = rest.substr(0, query + 1) + std::string(kHidden);
    out += text.substr(i, start - i) + rest;
    i = end;
  }
}

} // namespace

void Redactor::never_show(const std::string& secret) {
  std::string trimmed = secret;
  while (!trimmed.empty() && is_space(trimmed.back())) trimmed.pop_back();
  if (trimmed.size() < kShortest) return;
  const std::string json = Json(trimmed).dump();
  secrets_.insert(json.substr(1, json.size() - 2));
  secrets_.insert(std::move(trimmed));
}

void Redactor::never_show_url(const std::string& url) {
  never_show(url);
  const std::size_t mark = url.find("://");
  if (mark == std::string::npos) return;
  const std::size_t path = url.find_first_of("/?#", mark + 3);
  if (path != std::string::npos && path + 1 < url.size()) {
    never_show(url.substr(path + 1));
    never_show(url.substr(url.find_last_of("/?=&") + 1)); // the token alone
  }
}

void Redactor::never_show_query(const std::string& url) {
  std::size_t at = url.find('?');
  while (at != std::string::npos && at + 1 < url.size()) {
    const std::size_t end = std::min(url.find('&', at + 1), url.size());
    const std::string part = url.substr(at + 1, end - at - 1);
    never_show(part);
    never_show(part.substr(part.find('=') + 1)); // of npos: all of it
    at = end;
  }
}

void Redactor::never_show_dsn(const std::string& dsn) {
  const Result<PostgresqlDsn> parsed = PostgresqlDsn::parse(dsn);
  if (!parsed) return never_show(dsn);
  for (const std::string& secret : parsed->secrets()) never_show(secret);
  const std::size_t mark = dsn.find("://"); // as it is written there, with its percent signs
  const std::size_t at = dsn.find('@');
  if (mark == std::string::npos || at == std::string::npos) return;
  const std::string user = dsn.substr(mark + 3, at - mark - 3);
  if (const std::size_t colon = user.find(':'); colon != std::string::npos) never_show(user.substr(colon + 1));
}

/// A word of a command that says by its own name, or by the option before it, that it is secret.
void Redactor::never_show_argv(const std::vector<std::string>& argv) {
  for (std::size_t i = 0; i < argv.size(); ++i) {
    const std::size_t sign = argv[i].find('=');
    if (sign != std::string::npos && is_telling(lower(argv[i].substr(0, sign)))) never_show(argv[i].substr(sign + 1));
    if (i > 0 && argv[i - 1].starts_with("-") && is_telling(lower(argv[i - 1])) && !argv[i].starts_with("{"))
      never_show(argv[i]);
  }
}

void Redactor::never_show(const config::HttpAccess& access, const Read& read) {
  never_show(read(access.bearer));
  const std::string basic = read(access.basic);
  never_show(basic);
  if (const std::size_t colon = basic.find(':'); colon != std::string::npos) never_show(basic.substr(colon + 1));
}

void Redactor::never_show(const config::Service& service, const Read& read) {
  for (const config::Source& source : service.sources) {
    if (const auto* list = config::targets_of(source))
      for (const config::TargetConfig& target : list->targets) never_show_query(target.url);
    if (const auto* prometheus = std::get_if<config::PrometheusSource>(&source.kind)) {
      never_show(*prometheus, read);
    } else if (const auto* http = std::get_if<config::HttpSource>(&source.kind)) {
      never_show(*http, read);
      for (const auto& [name, value] : http->headers) never_show(value);
    } else if (const auto* command = std::get_if<config::CommandSource>(&source.kind)) {
      never_show_argv(command->argv);
    } else if (const auto* postgresql = std::get_if<config::PostgresqlSource>(&source.kind)) {
      never_show_dsn(read(postgresql->dsn));
    } else if (const auto* pgbouncer = std::get_if<config::PgbouncerSource>(&source.kind)) {
      never_show_dsn(read(pgbouncer->dsn));
    } else if (const auto* mysql = std::get_if<config::MysqlSource>(&source.kind)) {
      never_show(read(mysql->password));
    }
  }
  if (service.running_version) never_show_argv(service.running_version->argv);
  for (const config::Step& step : service.rollback) never_show(step);
  for (const config::PlanPhase& phase : service.plan.phases)
    for (const config::Step& step : phase.steps) never_show(step);
  if (const auto& traffic = service.traffic)
    for (const auto* argv : {&traffic->argv, &traffic->checked, &traffic->test, &traffic->reload})
      never_show_argv(*argv);
  if (!service.gates) return;
  for (const config::ChecklistItem& item : service.gates->checklist)
    if (const auto* command = std::get_if<config::CommandItem>(&item.kind)) never_show(command->run);
}

void Redactor::never_show(const config::Step& step) {
  if (const auto* run = std::get_if<config::RunStep>(&step.kind)) never_show(*run);
  if (step.undo) never_show(*step.undo);
}

void Redactor::never_show(const config::RunStep& run) {
  never_show_argv(run.argv);
  if (run.check) never_show_argv(run.check->argv);
  if (run.preflight) never_show_argv(run.preflight->argv);
  for (const auto& [name, value] : run.environment) {
    // People do put tokens into variables. Paths and placeholders are none.
    if (!value.starts_with("/") && !value.starts_with("{")) never_show(value);
  }
}

void Redactor::never_show(const config::Config& config, const Read& read) {
  for (const config::Channel& channel : config.daemon.channels) {
    never_show_url(read(channel.url));
    for (const config::Secret& secret : {channel.key, channel.basic}) never_show(read(secret));
    if (const std::string basic = read(channel.basic); basic.find(':') != std::string::npos)
      never_show(basic.substr(basic.find(':') + 1));
    never_show_argv(channel.argv);
  }
  if (config.daemon.deadman) never_show_url(read(config.daemon.deadman->url));
  for (const auto& service : config.services) never_show(*service, read);
}

std::string Redactor::clean(const std::string& text) const {
  std::string out = text;
  for (const std::string& secret : secrets_) {
    for (std::size_t at = out.find(secret); at != std::string::npos; at = out.find(secret, at + kHidden.size()))
      out.replace(at, secret.size(), kHidden);
  }
  return without_url_secrets(without_named_values(out));
}

} // namespace backstop::ctl
