#include "daemon/config/mapping.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace backstop::config {

namespace {

/// Bytes of one half of a message: a list of known names may be long, and names come from the file.
constexpr std::size_t kMaxSentence = 400;

std::vector<std::string_view> names_in(const Section& section) {
  std::vector<std::string_view> names;
  for (const Key& key : section.keys) names.push_back(key.name);
  return names;
}

/// For a key that is right, but not here: the section that has it.
std::string_view home_of(std::string_view key) {
  std::string_view home;
  for (const Section& section : sections()) {
    for (const Key& known : section.keys) {
      if (known.name != key) continue;
      if (!home.empty()) return {}; // several have it: no help
      home = section.name;
    }
  }
  return home;
}

bool name_char(char c, bool first) {
  const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  return plain || (!first && (c == '.' || c == '-'));
}

} // namespace

void Sheet::fault(Place place, std::string_view what, std::string_view how) {
  if (faults.size() > kMaxFaults) return;
  if (faults.size() == kMaxFaults)
    faults.push_back({file, 0, 0, fmt::format("more than {} faults, the others are not listed", kMaxFaults), ""});
  else
    faults.push_back({file, place.line, place.column, shortened(what, kMaxSentence), shortened(how, kMaxSentence)});
}

void Sheet::warn(Place place, std::string_view what, std::string_view how) {
  warnings.push_back({file, place.line, place.column, shortened(what, kMaxSentence), shortened(how, kMaxSentence)});
}

std::string_view kind_of(const Node& node) {
  switch (node.kind) {
  case Node::Kind::null: return "nothing";
  case Node::Kind::scalar: return "a single value";
  case Node::Kind::sequence: return "a list";
  case Node::Kind::mapping: return "a mapping";
  }
  return "nothing";
}

std::optional<std::string> scalar_of(Sheet& sheet, const Node& node, const std::string& label) {
  if (node.kind == Node::Kind::scalar) return node.text;
  sheet.fault(node.place, fmt::format("{}: a single value is wanted, here is {}", label, kind_of(node)),
              node.kind == Node::Kind::null ? "write the value, or leave the key out" : "");
  return std::nullopt;
}

bool check_name(Sheet& sheet, Place place, std::string_view name, NameKind kind, const std::string& label) {
  const bool any = kind == NameKind::any;
  bool good = !name.empty() && name.size() <= (any ? 200U : 64U);
  for (std::size_t i = 0; good && i < name.size(); ++i)
    good = any ? static_cast<unsigned char>(name[i]) >= 0x20 : name_char(name[i], i == 0);
  if (!good)
    sheet.fault(place, fmt::format("{}: \"{}\" is no name", label, shortened(name)),
                any ? "write 1 to 200 printable characters" : "use letters, digits, _ - and . only, at most 64");
  return good;
}

std::vector<const Entry*> named_entries(Sheet& sheet, const Node& node, const std::string& label) {
  std::vector<const Entry*> out;
  if (node.kind != Node::Kind::mapping) {
    sheet.fault(node.place, fmt::format("{}: names with their values are wanted, here is {}", label, kind_of(node)));
    return out;
  }
  std::map<std::string_view, Place> seen;
  for (const auto& entry : node.entries) {
    const auto name = scalar_of(sheet, entry.key, "a name in " + label);
    if (!name || !check_name(sheet, entry.key.place, *name, NameKind::plain, label)) continue;
    if (const auto [first, is_new] = seen.emplace(entry.key.text, entry.key.place); !is_new)
      sheet.fault(entry.key.place, fmt::format("{}: \"{}\" is written twice", label, *name),
                  fmt::format("the first is in line {}", first->second.line));
    else
      out.push_back(&entry);
  }
  return out;
}

const std::vector<Node>& items_of(Sheet& sheet, const Node& node, const std::string& label) {
  static const std::vector<Node> none;
  if (node.kind == Node::Kind::sequence) return node.items;
  sheet.fault(node.place, fmt::format("{}: a list is wanted, here is {}", label, kind_of(node)), "write [a, b]");
  return none;
}

Mapping::Mapping(Sheet& sheet, const Node& node, std::string_view section, std::string path)
    : sheet_(sheet), node_(node), path_(std::move(path)) {
  const Section& known = section_named(section);
  if (node.kind != Node::Kind::mapping) {
    sheet.fault(node.place,
                fmt::format("{}: a mapping is wanted, here is {}", path_.empty() ? "the file" : path_, kind_of(node)),
                fmt::format("known keys: {}", fmt::join(names_in(known), ", ")));
    return;
  }
  ok_ = true;
  check_keys(known);
}

/// "source" of "source/host".
static std::string_view family_of(std::string_view name) { return name.substr(0, name.find('/')); }

void Mapping::check_keys(const Section& section) {
  const auto known = names_in(section);
  std::map<std::string_view, Place> seen;
  for (const auto& [key, value] : node_.entries) {
    if (key.kind != Node::Kind::scalar) {
      sheet_.fault(key.place, fmt::format("a key that is {}", kind_of(key)), "a key is a single word");
      continue;
    }
    if (std::find(known.begin(), known.end(), key.text) == known.end()) {
      std::string how;
      if (key.text == "<<")
        how = "merging is not understood: write the keys out";
      else if (const auto home = home_of(key.text); nearest(key.text, known).empty() && !home.empty())
        how = family_of(home) == family_of(section.name)
                  ? fmt::format("\"{}\" belongs to another kind: {}", key.text, home.substr(home.find('/') + 1))
                  : fmt::format("\"{}\" is a key of {}", key.text, family_of(home));
      else
        how = suggestion(key.text, known, "keys");
      sheet_.fault(key.place,
                   fmt::format("unknown key \"{}\"{}", shortened(key.text), path_.empty() ? "" : " in " + path_), how);
    }
    if (const auto [first, is_new] = seen.emplace(key.text, key.place); !is_new)
      sheet_.fault(key.place, fmt::format("\"{}\" is written twice", shortened(key.text)),
                   fmt::format("the first is in line {}", first->second.line));
  }
  for (const Key& key : section.keys)
    if (key.required && seen.count(key.name) == 0)
      sheet_.fault(node_.place, fmt::format("{}\"{}\" is missing", path_.empty() ? "" : path_ + ": ", key.name),
                   fmt::format("add {}: ...", key.name));
}

std::string Mapping::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

const Node* Mapping::find(std::string_view key) const {
  if (!ok_) return nullptr;
  for (const auto& [name, value] : node_.entries)
    if (name.kind == Node::Kind::scalar && name.text == key) return &value;
  return nullptr;
}

void Mapping::fault(std::string_view key, std::string_view what, std::string_view how) const {
  const Node* node = find(key);
  sheet_.fault(node != nullptr ? node->place : node_.place, fmt::format("{}: {}", path_of(key), what), how);
}

std::optional<std::string> Mapping::scalar(std::string_view key) const {
  const Node* node = find(key);
  return node == nullptr ? std::nullopt : scalar_of(sheet_, *node, path_of(key));
}

std::optional<std::size_t> Mapping::word_index(std::string_view key, const std::vector<std::string_view>& known) const {
  const auto value = scalar(key);
  if (!value) return std::nullopt;
  for (std::size_t i = 0; i < known.size(); ++i)
    if (known[i] == *value) return i;
  fault(key, fmt::format("\"{}\" is not known", shortened(*value)), fmt::format("one of: {}", fmt::join(known, ", ")));
  return std::nullopt;
}

} // namespace backstop::config
