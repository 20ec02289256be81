#include "daemon/report/document.hpp"
#include "daemon/report/escape.hpp"
#include "daemon/report/style.hpp"

namespace backstop::report {
namespace {

const char* class_of(Tone tone) {
  switch (tone) {
  case Tone::good: return " class=\"good\"";
  case Tone::bad: return " class=\"bad\"";
  case Tone::quiet: return " class=\"quiet\"";
  case Tone::plain: return "";
  }
  return "";
}

/// No place to break it on a narrow page.
bool has_long_word(const std::string& text) {
  constexpr std::size_t kLong = 26;
  std::size_t length = 0;
  for (const char c : text) {
    length = c == ' ' || c == '-' ? 0 : length + 1;
    if (length > kLong) return true;
  }
  return false;
}

struct Writer {
  std::string& out;

  void operator()(const Paragraph& p) const {
    out += std::string("<p") + class_of(p.tone) + ">" + in_html(p.text) + "</p>\n";
  }
  void operator()(const Tiles& t) const {
    out += "<div class=\"tiles\">";
    for (const Tiles::Tile& tile : t.tiles)
      out += std::string("<div") + class_of(tile.tone) + "><b>" + in_html(tile.value) + "</b><span>" +
             in_html(tile.name) + "</span></div>";
    out += "</div>\n";
  }
  void operator()(const Facts& f) const {
    out += "<dl>";
    for (const auto& [name, value] : f.facts) out += "<dt>" + in_html(name) + "</dt><dd>" + in_html(value) + "</dd>";
    out += "</dl>\n";
  }
  void operator()(const Items& items) const {
    out += std::string("<ul") + class_of(items.tone) + ">";
    for (const std::string& item : items.items) out += "<li>" + in_html(item) + "</li>";
    out += "</ul>\n";
  }
  void operator()(const Table& t) const {
    out += "<div class=\"scroll\"><table><thead><tr>";
    for (const std::string& head : t.head) out += "<th scope=\"col\">" + in_html(head) + "</th>";
    out += "</tr></thead><tbody>\n";
    for (const Table::Row& row : t.rows) {
      out += std::string("<tr") + class_of(row.tone) + ">";
      for (std::size_t i = 0; i < row.cells.size(); ++i) {
        const Table::Column column = t.columns[i];
        const std::string text = in_html(row.cells[i]);
        if (column == Table::Column::clock)
          out += "<td class=\"clock\">" + text + "</td>";
        else if (column == Table::Column::code && !text.empty())
          out += "<td class=\"long\"><code>" + text + "</code></td>";
        else
          out += (has_long_word(row.cells[i]) ? "<td class=\"long\">" : "<td>") + text + "</td>";
      }
      out += "</tr>\n";
    }
    out += "</tbody></table></div>\n";
  }
  void operator()(const Output& o) const {
    out += "<figure class=\"output\"><figcaption>" + in_html(o.title) + "</figcaption><pre>" + lines_in_html(o.text) +
           "</pre></figure>\n";
  }
  void operator()(const Pictures& p) const {
    if (!p.marks.empty()) {
      out += "<ul class=\"marks\">";
      for (const auto& [number, text] : p.marks) out += "<li><i>" + in_html(number) + "</i>" + in_html(text) + "</li>";
      out += "</ul>\n";
    }
    out += "<div class=\"pictures\">";
    for (const Picture& picture : p.pictures)
      out += "<figure><h3>" + in_html(picture.title) + "</h3>" + picture.svg + "<figcaption>" +
             in_html(picture.caption) + "</figcaption></figure>\n";
    out += "</div>\n";
  }
  void operator()(const Blank& b) const {
    out += "<div class=\"blank\"><h3>" + in_html(b.prompt) + "</h3>";
    for (int i = 0; i < b.lines; ++i) out += "<div></div>";
    out += "</div>\n";
  }
};

} // namespace

std::string html_of(const Document& d) {
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                    "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  out += "<title>" + in_html(d.kind + ": " + d.title) + "</title>\n<style>\n" + kStyle + "</style>\n</head>\n<body>\n";
  out += "<header><p class=\"kind\">" + in_html(d.kind) + "</p><h1>" + in_html(d.title) + "</h1>";
  if (!d.status.empty())
    out += std::string("<p class=\"status\"><span") + class_of(d.tone) + ">" + in_html(d.status) + "</span></p>";
  out += "</header>\n<main>\n";
  for (const Section& section : d.sections) {
    out += "<section>\n";
    if (!section.heading.empty()) out += "<h2>" + in_html(section.heading) + "</h2>\n";
    for (const Block& block : section.blocks) std::visit(Writer{out}, block);
    out += "</section>\n";
  }
  return out + "</main>\n<footer><p>" + in_html(d.foot) + "</p></footer>\n</body>\n</html>\n";
}

} // namespace backstop::report
