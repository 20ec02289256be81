#include "daemon/ruletest/fields.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <utility>

namespace backstop::ruletest {

Fields::Fields(config::Sheet& sheet, const config::Node& node, std::string label,
               const std::vector<std::string_view>& known)
    : sheet_(sheet), node_(node), label_(std::move(label)) {
  if (node.kind != config::Node::Kind::mapping) {
    sheet.fault(node.place, label_ + ": a mapping is wanted, here is " + std::string(config::kind_of(node)));
    return;
  }
  ok_ = true;
  std::vector<std::string_view> seen;
  for (const config::Entry& entry : node.entries) {
    const std::string& key = entry.key.text;
    if (std::find(known.begin(), known.end(), key) == known.end())
      sheet.fault(entry.key.place, label_ + ": unknown key \"" + config::shortened(key) + "\"",
                  config::suggestion(key, known, "keys"));
    else if (std::find(seen.begin(), seen.end(), key) != seen.end())
      sheet.fault(entry.key.place, label_ + ": \"" + key + "\" is written twice", "leave one out");
    seen.emplace_back(key);
  }
}

const config::Node* Fields::find(std::string_view key) const {
  for (const config::Entry& entry : node_.entries) {
    if (entry.key.text == key) return &entry.value;
  }
  return nullptr;
}

const config::Node* Fields::need(std::string_view key, std::string_view example) const {
  const config::Node* found = find(key);
  if (!found && ok_)
    sheet_.fault(node_.place, label_ + ": \"" + std::string(key) + "\" is missing", "write " + std::string(example));
  return found;
}

std::optional<std::string> Fields::text(std::string_view key) const {
  const config::Node* found = find(key);
  return found ? config::scalar_of(sheet_, *found, std::string(key)) : std::nullopt;
}

std::optional<Duration> Fields::duration(std::string_view key) const {
  const std::optional<std::string> written = text(key);
  if (!written) return std::nullopt;
  config::Mistake mistake;
  const std::optional<Duration> d = config::parse_duration(*written, mistake);
  if (!d) sheet_.fault(find(key)->place, std::string(key) + ": " + mistake.what, mistake.how);
  return d;
}

config::Place place_within(std::string_view text, const config::Node& node, std::size_t offset) {
  if (node.place.column < 1) return node.place;
  std::string_view written = config::line_at(text, node.place.line);
  std::size_t column = static_cast<std::size_t>(node.place.column);
  if (written.size() < column) return node.place;
  written.remove_prefix(column - 1);
  if (written.front() == '\'' || written.front() == '"') {
    written.remove_prefix(1);
    ++column;
  }
  if (written.substr(0, node.text.size()) != node.text) return node.place;
  return {node.place.line, static_cast<int>(column + offset)};
}

} // namespace backstop::ruletest
