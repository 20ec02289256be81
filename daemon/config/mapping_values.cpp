#include "daemon/config/mapping.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>

/// The getters of Mapping for single values.
namespace backstop::config {

void Mapping::text(std::string_view key, std::string& out) const {
  const auto value = scalar(key);
  if (!value) return;
  if (value->empty()) return fault(key, "the text is empty", "write it, or leave the key out");
  out = *value;
}

void Mapping::name(std::string_view key, std::string& out, NameKind kind) const {
  const auto value = scalar(key);
  if (value && check_name(sheet_, find(key)->place, *value, kind, path_of(key))) out = *value;
}

void Mapping::file(std::string_view key, std::string& out) const {
  const auto value = scalar(key);
  if (!value) return;
  if (value->empty() || value->front() != '/')
    return fault(key, fmt::format("\"{}\" is no absolute path", shortened(*value)), "write it from / on");
  out = *value;
}

void Mapping::duration(std::string_view key, Duration& out, Duration least) const {
  const auto value = scalar(key);
  if (!value) return;
  Mistake mistake;
  const auto parsed = parse_duration(shortened(*value), mistake);
  if (!parsed) return fault(key, mistake.what, mistake.how);
  if (*parsed < least)
    return fault(key, fmt::format("{} is too short", show_duration(*parsed)),
                 fmt::format("at least {}", show_duration(least)));
  out = *parsed;
}

void Mapping::duration(std::string_view key, std::optional<Duration>& out, Duration least) const {
  Duration value{-1};
  duration(key, value, least);
  if (value.count() >= 0) out = value;
}

void Mapping::size(std::string_view key, std::uint64_t& out, std::uint64_t least) const {
  const auto value = scalar(key);
  if (!value) return;
  Mistake mistake;
  const auto parsed = parse_size(shortened(*value), mistake);
  if (!parsed) return fault(key, mistake.what, mistake.how);
  if (*parsed < least)
    return fault(key, fmt::format("{} is too small", show_size(*parsed)), fmt::format("at least {}", show_size(least)));
  out = *parsed;
}

void Mapping::number(std::string_view key, double& out, Range range) const {
  const auto value = scalar(key);
  if (!value) return;
  Mistake mistake;
  const auto parsed = parse_number(shortened(*value), mistake);
  if (!parsed) return fault(key, mistake.what, mistake.how);
  if (*parsed < range.least || *parsed > range.most)
    return fault(key, fmt::format("{} is out of range", shortened(*value)),
                 fmt::format("from {} to {}", range.least, range.most));
  out = *parsed;
}

void Mapping::texts(std::string_view key, std::vector<std::string>& out) const {
  const Node* node = find(key);
  if (node == nullptr) return;
  std::vector<std::string> values;
  const auto& items = items_of(sheet_, *node, path_of(key));
  for (std::size_t i = 0; i < items.size(); ++i)
    if (auto value = scalar_of(sheet_, items[i], fmt::format("{}[{}]", path_of(key), i)))
      values.push_back(std::move(*value));
  if (node->kind == Node::Kind::sequence && items.empty())
    return fault(key, "the list is empty", "write at least one, or leave the key out");
  out = std::move(values);
}

void Mapping::names(std::string_view key, std::vector<std::string>& out) const {
  std::vector<std::string> values;
  texts(key, values);
  if (std::find(values.begin(), values.end(), "") != values.end())
    return fault(key, "a name in the list is empty", "write it, or take it out");
  if (!values.empty()) out = std::move(values);
}

void Mapping::text_map(std::string_view key, std::map<std::string, std::string>& out) const {
  const Node* node = find(key);
  if (node == nullptr) return;
  for (const auto* entry : named_entries(sheet_, *node, path_of(key)))
    if (auto value = scalar_of(sheet_, entry->value, fmt::format("{}.{}", path_of(key), entry->key.text)))
      out.insert_or_assign(entry->key.text, std::move(*value));
}

} // namespace backstop::config
