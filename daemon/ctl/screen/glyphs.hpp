#pragma once
#include <string>
#include <vector>

/// From text of any origin to what may stand in the cells of a terminal. Pure.
namespace backstop::ctl::screen {

/// What the terminal can show.
struct Capabilities {
  bool color = true;
  bool utf8 = true; ///< else ASCII alone
};

/// What is seen as one thing: a character, in the columns that it takes.
struct Glyph {
  std::string text; ///< UTF-8, printable
  int columns = 1;  ///< 1 or 2
};

/// `text` glyph by glyph. Control characters, broken UTF-8 and what turns the direction of writing become '?', a newline or
/// a tab becomes a space, what combines with its neighbour is left out; without UTF-8 all that is not ASCII becomes '?'. So no text
/// from outside can steer the terminal, nor take more columns than are counted.
std::vector<Glyph> glyphs_of(const std::string& text, bool utf8);
int columns_of(const std::vector<Glyph>& glyphs);

/// The signs of the screen; each is one column wide.
struct Signs {
  const char *normal, *alert, *critical, *unknown, *blind;
  const char *done, *failed, *running, *pending, *left_out;
  const char *chosen, *line, *begun, *full, *rest, *cut, *output, *no_reading;
  std::vector<const char*> heights; ///< of a sparkline, lowest first
  std::vector<const char*> spinner;
};
const Signs& signs_of(bool utf8);

} // namespace backstop::ctl::screen
