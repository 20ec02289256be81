#include "daemon/ctl/screen/grid.hpp"
#include <algorithm>

namespace backstop::ctl::screen {
namespace {

struct Piece {
  Glyph glyph;
  Tone tone;
};

std::vector<Piece> pieces_of(const Line& line, bool utf8) {
  std::vector<Piece> pieces;
  for (const Span& span : line) {
    for (Glyph& glyph : glyphs_of(span.text, utf8)) pieces.push_back({std::move(glyph), span.tone});
  }
  return pieces;
}

void append(Line& line, const Piece& piece) {
  if (line.empty() || line.back().tone != piece.tone) line.push_back({"", piece.tone});
  line.back().text += piece.glyph.text;
}

} // namespace

Grid::Grid(Size size, bool utf8)
    : size_{std::max(1, size.width), std::max(1, size.height)}, utf8_(utf8),
      cells_(static_cast<std::size_t>(size_.width) * static_cast<std::size_t>(size_.height)) {}

Cell& Grid::cell(int row, int column) {
  return cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(size_.width) +
                static_cast<std::size_t>(column)];
}
const Cell& Grid::at(int row, int column) const {
  return cells_[static_cast<std::size_t>(row) * static_cast<std::size_t>(size_.width) +
                static_cast<std::size_t>(column)];
}

int Grid::put(int row, int column, const Line& line, int end) {
  end = end < 0 ? size_.width : std::min(end, size_.width);
  if (row < 0 || row >= size_.height || column < 0 || column >= end) return column;
  std::vector<Piece> pieces = pieces_of(line, utf8_);
  int all = 0;
  for (const Piece& piece : pieces) all += piece.glyph.columns;
  if (all > end - column) {
    const int room = end - column - 1; // the last column says that there is more
    int used = 0;
    std::size_t n = 0;
    while (n < pieces.size() && used + pieces[n].glyph.columns <= room) used += pieces[n++].glyph.columns;
    const Tone tone = pieces[n].tone;
    pieces.resize(n);
    pieces.push_back({{signs_of(utf8_).cut, 1}, tone});
  }
  for (const Piece& piece : pieces) {
    cell(row, column++) = {piece.glyph.text, piece.tone};
    if (piece.glyph.columns == 2) cell(row, column++) = {"", piece.tone};
  }
  return column;
}

int columns_of(const Line& line, bool utf8) {
  int columns = 0;
  for (const Span& span : line) columns += columns_of(glyphs_of(span.text, utf8));
  return columns;
}

std::vector<Line> folded(const Line& line, int width, int indent, bool utf8) {
  width = std::max(width, 1);
  indent = indent * 2 > width ? 0 : indent;
  const std::vector<Piece> pieces = pieces_of(line, utf8);
  std::vector<Line> lines{Line{}};
  int used = 0;
  const auto break_line = [&] {
    lines.push_back(indent > 0 ? Line{{std::string(static_cast<std::size_t>(indent), ' '), Tone::plain}} : Line{});
    used = indent;
  };
  for (std::size_t i = 0; i < pieces.size();) {
    std::size_t end = i; // of the word, with the spaces before it
    int spaces = 0, word = 0;
    while (end < pieces.size() && pieces[end].glyph.text == " ") ++end, ++spaces;
    const std::size_t begin = end;
    while (end < pieces.size() && pieces[end].glyph.text != " ") word += pieces[end++].glyph.columns;
    const bool first = used == 0 && lines.size() == 1;
    if (used + spaces + word > width && !first && word > 0 && used > indent) {
      break_line();
    } else {
      for (; i < begin && used < width; ++i, ++used) append(lines.back(), pieces[i]);
    }
    for (i = begin; i < end; ++i) { // a word wider than all is broken where it must be
      if (used + pieces[i].glyph.columns > width && used > 0) break_line();
      append(lines.back(), pieces[i]);
      used += pieces[i].glyph.columns;
    }
  }
  return lines;
}

} // namespace backstop::ctl::screen
