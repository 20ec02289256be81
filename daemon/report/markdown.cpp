#include "daemon/report/document.hpp"
#include "daemon/report/escape.hpp"

namespace backstop::report {
namespace {

struct Writer {
  std::string& out;

  void operator()(const Paragraph& p) const { out += in_markdown(p.text, true) + "\n\n"; }
  void operator()(const Tiles& t) const {
    for (const Tiles::Tile& tile : t.tiles)
      out += "- " + in_markdown(tile.value, true) + " " + in_markdown(tile.name) + "\n";
    out += "\n";
  }
  void operator()(const Facts& f) const {
    for (const auto& [name, value] : f.facts) out += "- " + in_markdown(name, true) + ": " + in_markdown(value) + "\n";
    out += "\n";
  }
  void operator()(const Items& i) const {
    for (const std::string& item : i.items) out += "- " + in_markdown(item, true) + "\n";
    out += "\n";
  }
  void operator()(const Table& t) const {
    out += "|";
    for (const std::string& head : t.head) out += " " + in_markdown(head) + " |";
    out += "\n|";
    for (std::size_t i = 0; i < t.head.size(); ++i) out += "---|";
    out += "\n";
    for (const Table::Row& row : t.rows) {
      out += "|";
      for (std::size_t i = 0; i < row.cells.size(); ++i) {
        const bool code = t.columns[i] == Table::Column::code;
        const std::string cell = code ? code_in_markdown(row.cells[i]) : in_markdown(row.cells[i]);
        out += cell.empty() ? " |" : " " + (row.tone == Tone::bad && !code ? "**" + cell + "**" : cell) + " |";
      }
      out += "\n";
    }
    out += "\n";
  }
  void operator()(const Output& o) const {
    out += in_markdown(o.title, true) + ":\n\n" + fenced_in_markdown(o.text) + "\n";
  }
  void operator()(const Pictures& p) const {
    for (const Picture& picture : p.pictures)
      out += "- **" + in_markdown(picture.title) + "**: " + in_markdown(picture.caption) + "\n";
    out += "\n";
  }
  void operator()(const Blank& b) const { out += "**" + in_markdown(b.prompt) + "**\n\n_(to be written)_\n\n"; }
};

} // namespace

std::string markdown_of(const Document& d) {
  std::string out = "# " + in_markdown(d.title) + "\n\n";
  if (!d.status.empty()) out += in_markdown(d.kind) + ". **" + in_markdown(d.status) + "**\n\n";
  for (const Section& section : d.sections) {
    if (!section.heading.empty()) out += "## " + in_markdown(section.heading) + "\n\n";
    for (const Block& block : section.blocks) std::visit(Writer{out}, block);
  }
  return out + "---\n\n" + in_markdown(d.foot) + "\n";
}

} // namespace backstop::report
