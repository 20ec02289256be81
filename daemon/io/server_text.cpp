#include "daemon/io/server_text.hpp"
#include "rules/utf8.hpp"
#include <algorithm>

namespace backstop {
namespace {

constexpr std::size_t kMostErrorBytes = 600;

void replace_all(std::string& text, const std::string& what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

} // namespace

std::string valid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_at(text).bytes;
    if (length == 0)
      out += '?';
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string presentable(std::string_view text, const std::vector<std::string>& secrets) {
  // Where in the server's sources an error was raised helps nobody here.
  std::string kept(text.substr(0, text.find("\nLOCATION:")));
  for (const std::string& secret : secrets)
    if (!secret.empty()) replace_all(kept, secret, "***");
  std::string line;
  for (const char c : valid_utf8(kept)) {
    const bool blank = static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
    if (!blank)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  if (line.size() > kMostErrorBytes) {
    std::size_t end = kMostErrorBytes;
    while ((static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
    line = line.substr(0, end) + "...";
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

} // namespace backstop
