#pragma once
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// A report before it is written out: plain texts in blocks, of no medium. Whoever writes it out escapes them.
namespace backstop::report {

enum class Tone { plain, good, bad, quiet };

struct Paragraph {
  std::string text;
  Tone tone = Tone::plain;
};
/// A few figures to be seen at once.
struct Tiles {
  struct Tile {
    std::string value, name;
    Tone tone = Tone::plain;
  };
  std::vector<Tile> tiles;
};
/// Names and what they stand for.
struct Facts {
  std::vector<std::pair<std::string, std::string>> facts;
};
struct Items {
  std::vector<std::string> items;
  Tone tone = Tone::plain;
};
struct Table {
  enum class Column { text, clock, code };
  struct Row {
    std::vector<std::string> cells;
    Tone tone = Tone::plain;
  };
  std::vector<std::string> head;
  std::vector<Column> columns; ///< as many as `head`
  std::vector<Row> rows;
};
/// What a program printed.
struct Output {
  std::string title, text;
};
struct Picture {
  std::string title;
  std::string svg;     ///< safe as it is: escaped where it was drawn; empty: the caption alone
  std::string caption; ///< says in words what is to be seen
};
struct Pictures {
  std::vector<Picture> pictures;
  std::vector<std::pair<std::string, std::string>> marks; ///< "1", "v1.2.3 has the traffic, 10:00:00"
};
/// Room for a person to write in.
struct Blank {
  std::string prompt;
  int lines = 3;
};

using Block = std::variant<Paragraph, Tiles, Facts, Items, Table, Output, Pictures, Blank>;

struct Section {
  std::string heading; ///< empty: under the title
  std::vector<Block> blocks;
};

struct Document {
  std::string kind;  ///< "Incident review"
  std::string title; ///< one line that says the whole thing
  std::string status;
  Tone tone = Tone::plain; ///< of the status
  std::vector<Section> sections;
  std::string foot;
};

std::string markdown_of(const Document& document);
/// One file: style and pictures are in it, and nothing is fetched or run.
std::string html_of(const Document& document);

} // namespace backstop::report
