#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <cctype>
#include <fmt/format.h>

/// Pieces that several parts of the files have in common.
namespace backstop::config {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The part between "scheme://" and the next "/", "?" or "#".
std::string_view authority_of(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return {};
  url.remove_prefix(start + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

bool has_password(std::string_view url) {
  const auto authority = authority_of(url);
  const auto at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
}

/// Password settings of a libpq connection string, in its keyword form ("password = x") or its URI form.
bool dsn_has_password(const std::string& dsn) {
  if (has_password(dsn)) return true;
  const std::string text = lower(dsn);
  for (const std::string_view word : {"password", "sslpassword"}) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      const bool starts = at == 0 || std::string_view(" \t\n?&;").find(text[at - 1]) != std::string_view::npos;
      const auto next = text.find_first_not_of(" \t\n", at + word.size());
      if (starts && next != std::string::npos && text[next] == '=') return true;
    }
  }
  return false;
}

void read_inline(const Mapping& parent, std::string_view key, const std::string& text, Inline allowed, Secret& out) {
  switch (allowed) {
  case Inline::nothing:
    return parent.fault(key, "a secret may not stand in the configuration", "write {credential: NAME} or {file: PATH}");
  case Inline::dsn:
    if (dsn_has_password(text))
      return parent.fault(
          key, "a password may not stand in the configuration",
          "write {credential: NAME} or {file: PATH} for the whole DSN, or leave the password to a passfile");
    break;
  case Inline::url: {
    const auto before = parent.sheet().faults.size();
    check_url(parent, key, text);
    if (parent.sheet().faults.size() > before) return;
    break;
  }
  }
  out.inline_value = text;
}

} // namespace

std::optional<std::string> type_of(Sheet& sheet, const Node& node, std::string_view key, const std::string& path,
                                   const std::vector<std::string_view>& known, std::string_view thing) {
  if (node.kind != Node::Kind::mapping) {
    sheet.fault(node.place, fmt::format("{}: a mapping is wanted, here is {}", path, kind_of(node)),
                fmt::format("write {{{}: {}, ...}}", key, known.front()));
    return std::nullopt;
  }
  for (const auto& [name, value] : node.entries) {
    if (name.kind != Node::Kind::scalar || name.text != key) continue;
    const auto text = scalar_of(sheet, value, fmt::format("{}.{}", path, key));
    if (!text) return std::nullopt;
    for (const auto& word : known)
      if (word == *text) return text;
    sheet.fault(value.place, fmt::format("{}.{}: there is no {} \"{}\"", path, key, thing, shortened(*text)),
                fmt::format("one of: {}", fmt::join(known, ", ")));
    return std::nullopt;
  }
  sheet.fault(node.place, fmt::format("{}: \"{}\" is missing", path, key),
              fmt::format("one of: {}", fmt::join(known, ", ")));
  return std::nullopt;
}

void check_url(const Mapping& parent, std::string_view key, const std::string& url) {
  const auto authority = authority_of(url);
  const bool scheme = url.rfind("http://", 0) == 0 || url.rfind("https://", 0) == 0;
  // Never shown: what is wrong with it may be that it holds a secret.
  if (authority.find('@') != std::string_view::npos)
    return parent.fault(key, "a user or password may not stand in a URL",
                        key == "url" && parent.path().find("targets") != std::string::npos
                            ? "take it out and write basic: {credential: NAME}"
                            : "write {credential: NAME} or {file: PATH} for the whole URL");
  const bool printable = std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!scheme || authority.empty() || !printable)
    parent.fault(key, fmt::format("\"{}\" is no URL", shortened(url)), "write http://HOST:PORT/PATH or https://...");
}

void read_secret(const Mapping& parent, std::string_view key, Secret& out, Inline allowed) {
  const Node* node = parent.find(key);
  if (node == nullptr) return;
  if (node->kind == Node::Kind::scalar) {
    if (node->text.empty()) return parent.fault(key, "the text is empty", "write {credential: NAME} or {file: PATH}");
    return read_inline(parent, key, node->text, allowed, out);
  }
  const Mapping secret(parent.sheet(), *node, "secret", parent.path_of(key));
  secret.name("credential", out.credential);
  secret.file("file", out.file);
  if (secret.ok() && secret.has("credential") == secret.has("file"))
    parent.fault(key, "exactly one of credential and file is wanted", "write {credential: NAME} or {file: PATH}");
}

void read_command(const Mapping& parent, std::string_view key, std::optional<Command>& out) {
  const Node* node = parent.find(key);
  if (node == nullptr) return;
  const Mapping command(parent.sheet(), *node, "command", parent.path_of(key));
  if (!command.ok()) return;
  Command read;
  command.texts("argv", read.argv);
  command.duration("timeout", read.timeout);
  out = std::move(read);
}

void read_mode(const Mapping& parent, Mode& out) {
  parent.word<Mode>("mode", out, {{"observe", Mode::observe}, {"confirm", Mode::confirm}, {"auto", Mode::automatic}});
}

void read_flag(const Mapping& parent, std::string_view key, bool& out) {
  parent.word<bool>(key, out, {{"true", true}, {"false", false}});
}

void read_rule(const Mapping& rule, Duration interval, Timing& timing, AbsencePolicy& absence) {
  rule.duration("keep_firing_for", timing.keep_firing_for, Duration{});
  // Three missed scrapes, as for a source every 10 s: with a slower one 30 s would start the timers anew at each
  // scrape.
  timing.max_gap = std::max(Duration{std::chrono::seconds(30)}, 3 * interval);
  rule.duration("max_gap", timing.max_gap);
  if (rule.has("m_of_n")) {
    std::string text;
    rule.text("m_of_n", text);
    Mistake mistake;
    if (const auto parsed = parse_count_of(shortened(text), mistake)) {
      timing.m = parsed->m;
      timing.n = parsed->n;
    } else if (!text.empty()) {
      rule.fault("m_of_n", mistake.what, mistake.how);
    }
  }
  const std::vector<Word<OnAbsence>> words{
      {"keep", OnAbsence::keep}, {"alert", OnAbsence::alert}, {"critical", OnAbsence::critical}};
  rule.word("no_data", absence.no_data, words);
  rule.word("error", absence.error, words);
  rule.word("insufficient", absence.insufficient, words);
  rule.word("gap", absence.gap, words);
}

const Indicator* find_indicator(const Service& service, std::string_view name) {
  for (const Indicator& indicator : service.indicators)
    if (indicator.name == name) return &indicator;
  return nullptr;
}

const Source* find_source(const Service& service, std::string_view name) {
  for (const Source& source : service.sources)
    if (source.name == name) return &source;
  return nullptr;
}

const std::string& source_of(const Indicator& indicator) {
  return std::visit([](const auto& kind) -> const std::string& { return kind.source; }, indicator.kind);
}

Duration interval_of(const Service& service, const Indicator& indicator) {
  const Source* source = find_source(service, source_of(indicator));
  return source != nullptr ? source->interval : Duration{std::chrono::seconds(1)};
}

} // namespace backstop::config
