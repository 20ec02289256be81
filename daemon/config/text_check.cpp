#include "daemon/config/text_check.hpp"
#include "rules/utf8.hpp"
#include <algorithm>
#include <cstdint>
#include <fmt/format.h>

namespace backstop::config {

std::optional<Fault> fault_in_text(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes)
    return Fault{"", 0, 0, fmt::format("{} bytes long, at most {} are read", text.size(), max_bytes),
                 "is it the right file?"};
  int line = 1;
  std::size_t line_start = 0;
  bool indentation = true;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const int column = static_cast<int>(at - line_start) + 1;
    const std::size_t length = utf8_at(text, at).bytes;
    if (length == 0) return Fault{"", line, column, "not UTF-8 here", "save the file as UTF-8"};
    if (c == '\t' && indentation) return Fault{"", line, column, "a tab in the indentation", "indent with spaces"};
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
      return Fault{"", line, column, "a control character", "take it out"};
    indentation = (indentation && c == ' ') || c == '\n';
    at += length;
    if (c == '\n') {
      ++line;
      line_start = at;
    }
  }
  return std::nullopt;
}

std::string_view line_at(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

std::string shortened(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  if (text.size() > most) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0U) == 0x80U) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0U) out.pop_back();
    out += "...";
  }
  for (std::size_t at = 0; at < out.size();) {
    const std::size_t length = utf8_at(out, at).bytes; // a library may have cut a character in two
    if (length == 0 || static_cast<unsigned char>(out[at]) < 0x20 || out[at] == 0x7f) out[at] = '?';
    at += std::max<std::size_t>(1, length);
  }
  return out;
}

} // namespace backstop::config
