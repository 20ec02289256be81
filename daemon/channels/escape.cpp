#include "daemon/channels/escape.hpp"
#include "rules/utf8.hpp"
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <fmt/format.h>

namespace backstop::channels {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
/// U+2060: not seen, and no service takes what stands on its two sides for one word.
constexpr std::string_view kJoiner = "\xE2\x81\xA0";

/// Control characters, separators of lines, and what turns the direction of what follows or is not seen at all.
bool is_blank(std::uint32_t c) { return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x2028 || c == 0x2029; }
bool is_unseen(std::uint32_t c) {
  return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF ||
         c == 0xAD || (c >= 0xE0000 && c <= 0xE007F);
}

/// Bytes of a terminal sequence that begins at `at` with ESC; its parameters would be left over as rubbish.
std::size_t terminal_sequence(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  if (end >= text.size()) return 1;
  if (text[end] == '[') { // CSI: parameters, then one of @ to ~
    for (++end; end < text.size(); ++end)
      if (text[end] >= '@' && text[end] <= '~')
        return end + 1 - at;
      else if (text[end] < ' ' || text[end] > '?')
        break;
    return end - at;
  }
  if (text[end] == ']') { // OSC: up to BEL or ESC backslash
    for (++end; end < text.size(); ++end) {
      if (text[end] == '\a') return end + 1 - at;
      if (text[end] == '\x1b') return std::min(end + 2, text.size()) - at;
    }
    return end - at;
  }
  return 1;
}

/// Word joiners where a chat would see a mention or a link.
std::string without_calls(std::string_view line, bool tags) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    out += line[i];
    const char next = i + 1 < line.size() ? line[i + 1] : ' ';
    const auto after = static_cast<unsigned char>(next);
    const bool calls = line[i] == '@' && (std::isalnum(after) != 0 || after >= 0x80 || after == '_');
    const bool links = line[i] == ']' && (next == '(' || next == '[');
    const bool opens = tags && line[i] == '<' &&
                       (std::isalpha(after) != 0 || next == '/' || next == '!' || next == '?' || next == '@');
    if (calls || links || opens) out += kJoiner;
  }
  return out;
}

bool is_printable_ascii(std::string_view text) {
  for (const unsigned char c : text)
    if (c < 0x20 || c > 0x7e) return false;
  return true;
}

} // namespace

std::string plain_line(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t characters = 0, cut = 0;
  bool blank = true; // leading blanks go
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\x1b') {
      i += terminal_sequence(text, i);
      continue;
    }
    const Utf8Character c = utf8_at(text, i);
    const bool valid = c.bytes > 0;
    const std::string_view written = valid ? text.substr(i, c.bytes) : kReplacement;
    i += std::max<std::size_t>(c.bytes, 1);
    if (valid && is_unseen(c.code)) continue;
    if (valid && is_blank(c.code)) {
      if (!blank) out += ' ', ++characters;
      blank = true;
    } else {
      out += written;
      ++characters;
      blank = false;
    }
    if (characters + 1 == most) cut = out.size();
    if (characters > most) {
      out.resize(cut);
      return out += kEllipsis;
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string for_chat(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : without_calls(plain_line(text, most), false)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string defused(std::string_view text, std::size_t most) {
  std::string out = without_calls(plain_line(text, most), true);
  std::size_t characters = 0, cut = 0; // joiners count too, for the service that bounds the text
  for (std::size_t i = 0; i < out.size(); ++i) {
    if ((static_cast<unsigned char>(out[i]) & 0xC0U) == 0x80) continue;
    if (++characters == most) cut = i;
    if (characters > most) return out.substr(0, cut) + std::string(kEllipsis);
  }
  return out;
}

std::string for_html(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : plain_line(text, most)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else
      out += c;
  }
  return out;
}

std::string for_header(std::string_view name, std::string_view text, std::size_t most) {
  const std::string line = plain_line(text, most);
  constexpr std::size_t kWidth = 76; // of RFC 2047; no line of a header may pass 998
  std::string out;
  std::size_t width = name.size() + 2;
  // "=?" in a plain text would be read as an encoded word.
  if (is_printable_ascii(line) && line.find("=?") == std::string::npos) {
    for (std::size_t i = 0; i < line.size();) {
      const std::size_t end = std::min(line.find(' ', i + 1), line.size());
      if (width + (end - i) > kWidth && line[i] == ' ') out += "\r\n", width = 0;
      out += line.substr(i, end - i);
      width += end - i;
      i = end;
    }
    return out;
  }
  constexpr std::string_view begin = "=?UTF-8?Q?", finish = "?=";
  std::string word;
  const auto close = [&] { out += std::string(begin) + word + std::string(finish), word.clear(); };
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t bytes = utf8_at(line, i).bytes; // a line is well-formed
    std::string encoded;
    for (const unsigned char c : line.substr(i, bytes))
      encoded += c == ' '               ? "_"
                 : std::isalnum(c) != 0 ? std::string(1, static_cast<char>(c))
                                        : fmt::format("={:02X}", c);
    if (width + begin.size() + word.size() + encoded.size() + finish.size() > kWidth) {
      close();
      out += "\r\n ";
      width = 1;
    }
    word += encoded;
    i += bytes;
  }
  close();
  return out;
}

std::string quoted_printable(std::string_view text) {
  constexpr std::size_t kWidth = 76;
  std::string out, line;
  const auto put = [&](const std::string& piece) {
    if (line.size() + piece.size() > kWidth - 1) out += line + "=\r\n", line.clear();
    line += piece;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n') {
      out += line + "\r\n", line.clear();
      continue;
    }
    const bool last = i + 1 == text.size() || text[i + 1] == '\n';
    const bool dot = c == '.' && line.empty(); // SMTP would double it
    const bool plain = (c > 0x20 && c < 0x7f && c != '=' && !dot) || (c == ' ' && !last);
    put(plain ? std::string(1, text[i]) : fmt::format("={:02X}", c));
  }
  return out + line + (line.empty() ? "" : "\r\n");
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const unsigned char c : text)
    out += (c < 0x80 && std::isalnum(c) != 0) || c == '-' || c == '.' || c == '_' || c == '~'
               ? std::string(1, static_cast<char>(c))
               : fmt::format("%{:02X}", c);
  return out;
}

} // namespace backstop::channels
