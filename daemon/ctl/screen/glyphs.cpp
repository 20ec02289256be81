#include "daemon/ctl/screen/glyphs.hpp"
#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace backstop::ctl::screen {
namespace {

struct Stretch {
  char32_t first, last;
  [[nodiscard]] bool has(char32_t c) const { return c >= first && c <= last; }
};

/// East Asian Wide and Fullwidth (Unicode Standard Annex 11), and pictures: by blocks.
constexpr std::array kWide{Stretch{0x1100, 0x115F},   Stretch{0x2E80, 0x303E},   Stretch{0x3041, 0xA4CF},
                           Stretch{0xA960, 0xA97F},   Stretch{0xAC00, 0xD7A3},   Stretch{0xF900, 0xFAFF},
                           Stretch{0xFE30, 0xFE6F},   Stretch{0xFF01, 0xFF60},   Stretch{0xFFE0, 0xFFE6},
                           Stretch{0x1F300, 0x1F64F}, Stretch{0x1F680, 0x1F6FF}, Stretch{0x1F900, 0x1F9FF},
                           Stretch{0x20000, 0x3FFFD}};
/// What takes no column of its own: marks that combine, joiners, selectors of variants.
constexpr std::array kNone{Stretch{0x0300, 0x036F}, Stretch{0x0483, 0x0489}, Stretch{0x0591, 0x05BD},
                           Stretch{0x064B, 0x065F}, Stretch{0x1AB0, 0x1AFF}, Stretch{0x1DC0, 0x1DFF},
                           Stretch{0x200B, 0x200D}, Stretch{0x20D0, 0x20FF}, Stretch{0xFE00, 0xFE0F},
                           Stretch{0xFE20, 0xFE2F}, Stretch{0xFEFF, 0xFEFF}, Stretch{0xE0000, 0xE0FFF}};
/// What steers: controls, line separators, directions of writing, what is no character.
constexpr std::array kSteering{Stretch{0x0000, 0x001F}, Stretch{0x007F, 0x009F}, Stretch{0x061C, 0x061C},
                               Stretch{0x200E, 0x200F}, Stretch{0x2028, 0x202E}, Stretch{0x2060, 0x206F},
                               Stretch{0xD800, 0xF8FF}, Stretch{0xFFF0, 0xFFFF}, Stretch{0xF0000, 0x10FFFF}};

template <std::size_t N> bool in(const std::array<Stretch, N>& stretches, char32_t c) {
  return std::any_of(stretches.begin(), stretches.end(), [c](const Stretch& s) { return s.has(c); });
}

/// The character at `i`, which is moved behind it; none where it is broken, and then behind one byte.
std::optional<char32_t> next_character(const std::string& text, std::size_t& i) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(at < text.size() ? text[at] : 0); };
  const unsigned char first = byte(i++);
  if (first < 0x80) return first;
  const int more = first >= 0xF0 && first < 0xF5 ? 3 : first >= 0xE0 ? 2 : first >= 0xC2 ? 1 : 0;
  if (more == 0 || first >= 0xF5) return std::nullopt;
  char32_t c = first & (0x3FU >> static_cast<unsigned>(more));
  for (int n = 0; n < more; ++n) {
    if ((byte(i + static_cast<std::size_t>(n)) & 0xC0U) != 0x80U) return std::nullopt;
    c = (c << 6U) | (byte(i + static_cast<std::size_t>(n)) & 0x3FU);
  }
  if ((more == 2 && c < 0x800) || (more == 3 && (c < 0x10000 || c > 0x10FFFF))) return std::nullopt;
  i += static_cast<std::size_t>(more);
  return c;
}

} // namespace

std::vector<Glyph> glyphs_of(const std::string& text, bool utf8) {
  std::vector<Glyph> glyphs;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    const std::optional<char32_t> c = next_character(text, i);
    if (c && in(kNone, *c)) continue;
    if (c && (*c == '\n' || *c == '\t'))
      glyphs.push_back({" ", 1});
    else if (!c || in(kSteering, *c) || (!utf8 && *c >= 0x80))
      glyphs.push_back({"?", 1});
    else
      glyphs.push_back({text.substr(begin, i - begin), in(kWide, *c) ? 2 : 1});
  }
  return glyphs;
}

int columns_of(const std::vector<Glyph>& glyphs) {
  int columns = 0;
  for (const Glyph& glyph : glyphs) columns += glyph.columns;
  return columns;
}

// clang-format off
const Signs& signs_of(bool utf8) {
  static const Signs kUtf8{
      .normal = "●", .alert = "▲", .critical = "✗", .unknown = "○", .blind = "?",
      .done = "✓", .failed = "✗", .running = "▶", .pending = "·", .left_out = "-",
      .chosen = "▶", .line = "─", .begun = "│", .full = "█", .rest = "░", .cut = "…", .output = "│", .no_reading = "·",
      .heights = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
      .spinner = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}};
  static const Signs kAscii{
      .normal = "o", .alert = "!", .critical = "X", .unknown = "-", .blind = "?",
      .done = "+", .failed = "X", .running = ">", .pending = ".", .left_out = "-",
      .chosen = ">", .line = "-", .begun = "|", .full = "#", .rest = ".", .cut = "~", .output = "|", .no_reading = " ",
      .heights = {"_", ".", ":", "-", "=", "+", "*", "#"},
      .spinner = {"|", "/", "-", "\\"}};
  return utf8 ? kUtf8 : kAscii;
}
// clang-format on

} // namespace backstop::ctl::screen
