#include "daemon/report/escape.hpp"
#include "rules/utf8.hpp"
#include <algorithm>
#include <cctype>
#include <cstdint>

namespace backstop::report {
namespace {

constexpr std::string_view kReplaced = "\xEF\xBF\xBD"; // U+FFFD

/// C0, C1 and DEL; marks, embeddings and isolates of direction; line and paragraph separators.
bool steers(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F || code == 0x061C ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

std::string html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    case '\'': out += "&#39;"; break;
    default: out += c;
    }
  }
  return out;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

std::size_t longest_run_of_backticks(std::string_view text) {
  std::size_t longest = 0, run = 0;
  for (const char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  return longest;
}

/// Where a text begins, these would make it a heading, a list, a quotation or a rule.
std::size_t marker_at_start(const std::string& text) {
  if (text.empty()) return std::string::npos;
  if (std::string_view("#>-+=").find(text.front()) != std::string_view::npos) return 0;
  const std::size_t digits = text.find_first_not_of("0123456789");
  const bool numbered = digits != 0 && digits != std::string::npos && (text[digits] == '.' || text[digits] == ')') &&
                        (digits + 1 == text.size() || text[digits + 1] == ' ');
  return numbered ? digits : std::string::npos;
}

} // namespace

std::string cleaned(std::string_view text, bool lines) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto [length, code] = utf8_at(text, i);
    if (length == 0) {
      out += kReplaced;
      ++i;
      continue;
    }
    if (code == '\n' && lines)
      out += '\n';
    else if (code == '\n' || code == '\t')
      out += ' ';
    else if (steers(code))
      out += kReplaced;
    else
      out += text.substr(i, length);
    i += length;
  }
  return out;
}

std::string in_html(std::string_view text) { return html(cleaned(text)); }
std::string lines_in_html(std::string_view text) { return html(cleaned(text, true)); }

std::string in_markdown(std::string_view given, bool starts) {
  const std::string text = cleaned(given);
  const std::size_t marker = starts ? marker_at_start(text) : std::string::npos;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inside = i > 0 && i + 1 < text.size() && is_word(text[i - 1]) && is_word(text[i + 1]);
    const bool link =
        (c == ':' && text.compare(i, 3, "://") == 0) ||
        (c == '.' && i >= 3 && (text.compare(i - 3, 3, "www") == 0 || text.compare(i - 3, 3, "WWW") == 0));
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '@')
      out += "&#64;"; // mentions nobody
    else if (link)
      out += c == ':' ? "&#58;" : "&#46;"; // leads nowhere
    else if (i == marker || std::string_view("\\`*[]|~$").find(c) != std::string_view::npos || (c == '_' && !inside))
      (out += '\\') += c;
    else
      out += c;
  }
  return out;
}

std::string code_in_markdown(std::string_view given) {
  std::string text = cleaned(given);
  if (text.find('|') != std::string::npos) return in_markdown(text); // a table would end the span there
  if (text.empty()) return "";
  const std::string fence(longest_run_of_backticks(text) + 1, '`');
  const bool spaced = text.front() == '`' || text.back() == '`';
  return fence + (spaced ? " " : "") + text + (spaced ? " " : "") + fence;
}

std::string fenced_in_markdown(std::string_view given) {
  std::string text = cleaned(given, true);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::string fence(std::max<std::size_t>(3, longest_run_of_backticks(text) + 1), '`');
  return fence + "text\n" + text + "\n" + fence + "\n";
}

} // namespace backstop::report
