#include "daemon/io/step_files.hpp"

namespace backstop {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Length of the valid UTF-8 character at the front of `text`, 0 where there is none. The table of well-formed byte
/// sequences: The Unicode Standard, table 3-7.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (!continues(text[i])) return 0;
  return length;
}

} // namespace

std::string clean_output(std::string_view raw, std::size_t limit, bool& cut) {
  if (raw.size() > limit) {
    raw.remove_prefix(raw.size() - limit);
    cut = true;
  }
  for (int i = 0; cut && i < 3 && !raw.empty() && continues(raw.front()); ++i) raw.remove_prefix(1);
  std::string out;
  while (!raw.empty()) {
    const std::size_t length = character(raw);
    out.append(length > 0 ? raw.substr(0, length) : kReplacement);
    raw.remove_prefix(length > 0 ? length : 1);
  }
  if (out.size() <= limit) return out;
  cut = true; // a replacement is longer than what it replaces
  std::size_t from = out.size() - limit;
  while (from < out.size() && continues(out[from])) ++from;
  return out.substr(from);
}

} // namespace backstop
