#include "collectors/series_text.hpp"
#include "collectors/byte_scan.hpp"
#include "collectors/name_chars.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

namespace scan = byte_scan::best;

bool is_classic_name(std::string_view name) {
  const char* const end = name.data() + name.size();
  return !name.empty() && is_name_start(name.front()) && scan::skip_metric_name(name.data(), end) == end;
}
bool is_classic_label(std::string_view name) {
  const char* const end = name.data() + name.size();
  return !name.empty() && is_label_start(name.front()) && scan::skip_label_name(name.data(), end) == end;
}

void append_escaped(std::string& text, std::string_view value) {
  const char* at = value.data();
  const char* const end = at + value.size();
  while (true) {
    const char* const stop = scan::find_quote(at, end);
    text.append(at, stop);
    if (stop == end) return;
    if (*stop == '\n') {
      text += "\\n";
    } else {
      if (*stop == '\\' || *stop == '"') text += '\\';
      text += *stop;
    }
    at = stop + 1;
  }
}
void append_quoted(std::string& text, std::string_view value) {
  text += '"';
  append_escaped(text, value);
  text += '"';
}

} // namespace

std::string escaped_label_value(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  append_escaped(text, value);
  return text;
}

void write_series_text(std::string& text, std::string_view name, std::vector<LabelView>& labels) {
  const auto by_name = [](const LabelView& a, const LabelView& b) { return a.name < b.name; };
  if (!std::is_sorted(labels.begin(), labels.end(), by_name)) std::sort(labels.begin(), labels.end(), by_name);
  const bool classic = is_classic_name(name);
  text.clear();
  char before = '{'; // what comes in front of the next part
  if (classic) {
    text += name;
  } else {
    text += std::exchange(before, ',');
    append_quoted(text, name);
  }
  for (const LabelView& label : labels) {
    if (label.value.empty()) continue;
    text += std::exchange(before, ',');
    if (is_classic_label(label.name))
      text += label.name;
    else
      append_quoted(text, label.name);
    text += '=';
    append_quoted(text, label.value);
  }
  if (before == ',') text += '}';
}

} // namespace backstop
