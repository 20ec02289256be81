#include "daemon/traffic/text.hpp"
#include <cstring>

namespace backstop::traffic {

std::string one_line(std::string_view text, std::size_t most) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (!line.empty() && !out.empty()) out += "; ";
    for (const char c : line) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    text.remove_prefix(std::min(end + 1, text.size()));
    if (out.size() > most) return out.substr(0, most) + "...";
  }
  return out;
}

std::string error_text(int error) {
  std::string text = std::strerror(error);
  if (text.size() > 1 && text[1] >= 'a' && text[0] >= 'A' && text[0] <= 'Z')
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

} // namespace backstop::traffic
