#include "collectors/series_text.hpp"
#include "collectors/name_chars.hpp"
#include <algorithm>
#include <vector>

namespace backstop {
namespace {

bool is_classic_name(std::string_view name) {
  return !name.empty() && is_name_start(name.front()) && std::all_of(name.begin(), name.end(), is_name_char);
}
bool is_classic_label(std::string_view name) {
  return !name.empty() && is_label_start(name.front()) && std::all_of(name.begin(), name.end(), is_label_char);
}
std::string quoted(std::string_view text) { return '"' + escaped_label_value(text) + '"'; }

} // namespace

std::string escaped_label_value(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
  return text;
}

std::string series_text(std::string_view name, std::span<const LabelView> labels) {
  std::vector<LabelView> sorted(labels.begin(), labels.end());
  std::erase_if(sorted, [](const LabelView& l) { return l.value.empty(); });
  std::sort(sorted.begin(), sorted.end(), [](const LabelView& a, const LabelView& b) { return a.name < b.name; });
  const bool classic = is_classic_name(name);
  std::string inner = classic ? "" : quoted(name);
  for (const LabelView& label : sorted) {
    if (!inner.empty()) inner += ',';
    inner += is_classic_label(label.name) ? std::string(label.name) : quoted(label.name);
    inner += '=' + quoted(label.value);
  }
  std::string text = classic ? std::string(name) : "";
  return inner.empty() ? text : text + '{' + inner + '}';
}

} // namespace backstop
