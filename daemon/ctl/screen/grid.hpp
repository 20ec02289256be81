#pragma once
#include "daemon/ctl/screen/glyphs.hpp"
#include <cstddef>
#include <string>
#include <vector>

/// The screen as a value: what stands in each cell, and how. Pure.
namespace backstop::ctl::screen {

struct Size {
  int width = 80;
  int height = 24;
  bool operator==(const Size&) const = default;
};

/// How something looks. What it means is said in words and signs too: a terminal may have no colors, and so may eyes.
enum class Tone {
  plain,
  quiet,  ///< what need not be read
  strong, ///< names, what was chosen
  good,   ///< within its limits
  alert,
  critical, ///< also what stops a rollback
};

struct Span {
  std::string text; ///< of any origin: made harmless as it is put into cells
  Tone tone = Tone::plain;
};
using Line = std::vector<Span>;

struct Cell {
  std::string text = " "; ///< one glyph; empty: the second column of the glyph before
  Tone tone = Tone::plain;
  bool operator==(const Cell&) const = default;
};

class Grid {
public:
  Grid(Size size, bool utf8);
  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] const Cell& at(int row, int column) const;

  /// Puts a line there, up to the right edge or `end`; what does not fit is cut off, with a sign for it. Outside of the
  /// grid nothing happens. Gives the column behind it.
  int put(int row, int column, const Line& line, int end = -1);
  /// Where the cursor stands; none: it is hidden.
  struct Cursor {
    int row = -1, column = -1;
    bool operator==(const Cursor&) const = default;
  } cursor;

private:
  Cell& cell(int row, int column);
  Size size_;
  bool utf8_;
  std::vector<Cell> cells_;
};

/// How many columns it takes.
int columns_of(const Line& line, bool utf8);
/// `line`, broken between words so that no part is wider than `width`; further parts begin with `indent` spaces.
std::vector<Line> folded(const Line& line, int width, int indent, bool utf8);

} // namespace backstop::ctl::screen
