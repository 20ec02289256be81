#include "daemon/ctl/screen/layout.hpp"
#include "daemon/ctl/layout.hpp"
#include "daemon/ctl/screen/drawing.hpp"
#include "daemon/ctl/screen/help.hpp"
#include "daemon/views.hpp"
#include <algorithm>
#include <sstream>

namespace backstop::ctl::screen {
namespace {

/// A part of the page that may be given fewer lines than it has.
struct Section {
  std::vector<Line> lines;
  std::size_t keep = 0; ///< lines that it gets before others get more
};

std::string clock_text(Time t) { return clock_of(wall(t)).substr(0, 8) + "Z"; }

/// In the order of the page, which is also the order of what gets lines first.
std::vector<Line> fitted(const std::vector<Section>& sections, std::size_t room, const Canvas& canvas) {
  std::vector<std::size_t> given;
  std::size_t left = room;
  for (const Section& s : sections) {
    given.push_back(std::min({s.keep, s.lines.size(), left}));
    left -= given.back();
  }
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::size_t more = std::min(left, sections[i].lines.size() - given[i]);
    given[i] += more;
    left -= more;
  }
  std::vector<Line> out;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::size_t all = sections[i].lines.size();
    if (given[i] == 0) continue;
    if (!out.empty() && left >= sections.size()) out.push_back({});
    for (std::size_t n = 0; n < given[i]; ++n) out.push_back(sections[i].lines[n]);
    if (given[i] < all)
      out.back() = {{std::string(canvas.signs().cut) + " " + std::to_string(all - given[i] + 1) + " more lines: Enter",
                     Tone::quiet}};
  }
  return out;
}

Line header_of(const View& view, const Canvas& canvas) {
  int critical = 0, alert = 0, blind = 0, locked = 0, incidents = 0;
  bool well = !view.services.empty() && !view.silent && view.host.empty();
  for (const Service& s : view.services) {
    well = well && s.mark == Mark::normal &&
           std::none_of(s.troubles.begin(), s.troubles.end(), [](const Trouble& t) { return t.grave; });
    critical += s.mark == Mark::critical;
    alert += s.mark == Mark::alert;
    blind += s.mark == Mark::blind;
    locked += s.brief == "LOCKED";
    incidents += !s.incident.empty();
  }
  Line line;
  if (canvas.width >= 60) line.push_back({"backstop  ", Tone::strong});
  line.push_back({std::to_string(view.services.size()) + (view.services.size() == 1 ? " service" : " services")});
  const auto count = [&](int n, const char* what, Tone tone) {
    if (n > 0) line.push_back({"  " + std::to_string(n) + " " + what, tone});
  };
  count(locked, "LOCKED", Tone::critical);
  count(critical, "CRITICAL", Tone::critical);
  count(alert, "alert", Tone::alert);
  count(blind, "BLIND", Tone::alert);
  count(incidents, incidents == 1 ? "open incident" : "open incidents", Tone::critical);
  if (well) line.push_back({"  all well", Tone::good});
  return line;
}

/// Columns of the list, the same in each line.
struct ListWidths {
  int name = 0, version = 0, brief = 0;
};
ListWidths list_widths(const View& view, const Canvas& canvas) {
  ListWidths w;
  for (const Service& s : view.services) {
    w.name = std::max(w.name, columns_of(glyphs_of(s.name, canvas.utf8())));
    w.version = std::max(w.version, columns_of(glyphs_of(s.version, canvas.utf8())));
    w.brief = std::max(w.brief, columns_of(glyphs_of(s.brief, canvas.utf8())));
  }
  w.name = std::min(w.name, canvas.width / 3);
  w.version = canvas.width < 60 ? 0 : std::min(w.version, canvas.width / 6);
  w.brief = std::min(w.brief, canvas.width / 3);
  return w;
}

Line list_line(const Service& s, bool chosen, const ListWidths& w, const Canvas& canvas) {
  const Span word = word_of(s.mark);
  Line line{{chosen ? canvas.signs().chosen : " ", Tone::strong},
            sign_of(s.mark, canvas),
            {" "},
            padded({s.name, chosen ? Tone::strong : Tone::plain}, w.name, canvas),
            {" "},
            padded(word, 8, canvas),
            {" "}};
  if (w.version > 0) line.push_back(padded({s.version}, w.version, canvas)), line.push_back({" "});
  const bool grave = s.brief == "LOCKED" || s.brief.ends_with("PAUSED") || s.brief.ends_with("ROLL BACK?") ||
                     s.brief.ends_with("NOT rolled back");
  if (canvas.width < 60) { // no room for how far it is, which stands below
    line.push_back({s.brief, grave ? Tone::critical : Tone::plain});
    return line;
  }
  line.push_back(padded({s.brief, grave ? Tone::critical : Tone::plain}, w.brief, canvas));
  if (s.progress) {
    line.push_back({" "});
    if (canvas.width >= 70)
      for (Span& span : bar(s.progress->share, canvas.width >= 100 ? 20 : 10, Tone::strong, canvas))
        line.push_back(span);
    line.push_back({" " + s.progress->text});
  }
  return line;
}

/// " +3 below", with the sign of the worst of them where one is not well.
std::string hidden_text(const View& view, int first, int last, const char* where, const Canvas& canvas) {
  Mark worst = Mark::normal;
  for (int i = first; i < last; ++i) worst = std::max(worst, view.services[static_cast<std::size_t>(i)].mark);
  const std::string sign = worst == Mark::normal ? "" : std::string(" ") + sign_of(worst, canvas).text;
  return " +" + std::to_string(last - first) + " " + where + sign;
}

void put_list(Grid& grid, int row, int rows, const View& view, const Canvas& canvas) {
  const int all = static_cast<int>(view.services.size()), chosen = static_cast<int>(view.chosen);
  const int first = std::clamp(chosen - rows / 2, 0, std::max(0, all - rows));
  const ListWidths w = list_widths(view, canvas);
  for (int i = first; i < std::min(all, first + rows); ++i) {
    std::string hidden;
    if (i == first && first > 0) hidden = hidden_text(view, 0, first, "above", canvas);
    if (i == first + rows - 1 && i < all - 1) hidden = hidden_text(view, i + 1, all, "below", canvas);
    const int end = canvas.width - columns_of(glyphs_of(hidden, canvas.utf8()));
    grid.put(row + i - first, 0, list_line(view.services[static_cast<std::size_t>(i)], i == chosen, w, canvas), end);
    grid.put(row + i - first, end, {{hidden, Tone::strong}});
  }
}

Line title_of(const Service& s, const Canvas& canvas) {
  return {{s.name, Tone::strong},
          {"  "},
          sign_of(s.mark, canvas),
          {" "},
          word_of(s.mark),
          {"  " + (s.version.empty() ? "version unknown" : s.version) + (s.version_good ? " (good)" : "")},
          {s.mode.empty() ? "" : "  mode " + s.mode}};
}

/// A rule across the page with a title in it.
void put_rule(Grid& grid, int row, const Line& title, const Canvas& canvas) {
  std::string line;
  for (int i = 0; i < canvas.width; ++i) line += canvas.signs().line;
  grid.put(row, 0, {{line, Tone::quiet}});
  Line spaced{{" "}};
  spaced.insert(spaced.end(), title.begin(), title.end());
  spaced.push_back({" "});
  grid.put(row, 1, spaced, canvas.width - 1);
}

std::vector<Line> sections_of(const Service& s, std::size_t room, const Canvas& canvas) {
  std::vector<Section> sections;
  const auto add = [&](std::vector<Line> lines, std::size_t keep) {
    if (!lines.empty()) sections.push_back({std::move(lines), keep});
  };
  add(phase_lines(s, canvas), 2);
  add(trouble_lines(s, true, canvas), room / 4 + 1);
  add(step_lines(s, canvas), s.deployment.empty() ? 1 : 3);
  add(indicator_lines(s, canvas), 3);
  add(output_lines(s, canvas), room > 12 ? 2 : 0);
  add(plan_lines(s, canvas), 2);
  add(trouble_lines(s, false, canvas), 0);
  return fitted(sections, room, canvas);
}

std::vector<Line> timeline_lines(const std::vector<TimelineLine>& timeline, const Canvas& canvas) {
  std::vector<Line> lines;
  for (const TimelineLine& entry : timeline) {
    Line line{{entry.clock + "  ", Tone::quiet}, {entry.text}};
    if (!entry.who.empty()) line.push_back({"  [" + entry.who + "]", Tone::strong});
    for (Line& part : folded(line, canvas.width, 14, canvas.utf8())) lines.push_back(std::move(part));
  }
  return lines;
}

/// All of a service and its timeline, for a page that scrolls.
std::vector<Line> details_of(const View& view, const Canvas& canvas) {
  std::vector<Line> lines;
  const auto add = [&](std::vector<Line> more) {
    if (more.empty()) return;
    if (!lines.empty()) lines.push_back({});
    std::move(more.begin(), more.end(), std::back_inserter(lines));
  };
  add(trouble_lines(view.host, canvas));
  if (const Service* s = view.service()) {
    add(phase_lines(*s, canvas));
    add(trouble_lines(s->troubles, canvas));
    add(step_lines(*s, canvas));
    add(output_lines(*s, canvas));
    add(indicator_lines(*s, canvas));
    add(plan_lines(*s, canvas));
    add(timeline_lines(view.timeline, canvas));
  }
  return lines;
}

std::vector<Line> text_lines(const std::string& text, const Canvas& canvas) {
  std::vector<Line> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    for (Line& part : folded({{line}}, canvas.width, static_cast<int>(indent) + 2, canvas.utf8()))
      lines.push_back(std::move(part));
  }
  return lines;
}

/// What stands above all: that nobody answers, and what concerns the host.
std::vector<Line> banners_of(const View& view, const Canvas& canvas, std::size_t most) {
  std::vector<Line> lines;
  if (view.silent) {
    const std::string since = *view.silent == Time{} ? "no answer yet" : "no answer since " + clock_text(*view.silent);
    lines =
        folded({{since + ", asking again", Tone::critical}, {": " + view.silent_why}}, canvas.width, 2, canvas.utf8());
  }
  for (Line& line : trouble_lines(view.host, canvas)) lines.push_back(std::move(line));
  if (lines.size() > most) lines.resize(most);
  return lines;
}

/// Question and input, or what the last action answered; on at most `most` lines.
int put_bottom(Grid& grid, const View& view, const Canvas& canvas, int most) {
  const int last = grid.size().height - 1; // the line of keys
  std::vector<Line> lines;
  if (!view.said.empty()) {
    const Span sign{view.said_bad ? canvas.signs().critical : canvas.signs().done,
                    view.said_bad ? Tone::critical : Tone::good};
    lines =
        folded({sign, {" " + view.said, view.said_bad ? Tone::critical : Tone::plain}}, canvas.width, 2, canvas.utf8());
    if (const auto room = static_cast<std::size_t>(most); lines.size() > room) lines.resize(room);
  }
  if (view.asking) { // of a long input its end is seen
    std::vector<Line> asked =
        folded({{view.asking->question + " ", Tone::strong}, {view.asking->input}}, canvas.width - 1, 0, canvas.utf8());
    if (static_cast<int>(asked.size()) > most) asked.erase(asked.begin(), asked.end() - most);
    std::move(asked.begin(), asked.end(), std::back_inserter(lines));
  }
  const int first = last - static_cast<int>(lines.size());
  int behind = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) behind = grid.put(first + static_cast<int>(i), 0, lines[i]);
  if (view.asking) grid.cursor = {last - 1, std::min(behind, canvas.width - 1)};
  grid.put(last, 0, key_line(view, canvas));
  return first;
}

} // namespace

Screenful lay_out(const View& view, Size size, const Capabilities& capabilities) {
  Screenful out{Grid(size, capabilities.utf8), 0};
  Grid& grid = out.grid;
  size = grid.size();
  Canvas canvas{size.width, capabilities, view.turn, view.page != View::Page::overview};
  const int bottom = put_bottom(grid, view, canvas, size.height >= 20 ? 3 : 2);

  const std::string clock = clock_text(view.now);
  const int clock_at = size.width - static_cast<int>(clock.size());
  grid.put(0, 0, header_of(view, canvas), clock_at - 1);
  grid.put(0, clock_at, {{clock, Tone::quiet}});
  int row = 1;
  for (const Line& line : banners_of(view, canvas, size.height >= 20 ? 4 : 2)) grid.put(row++, 0, line);

  const Service* service = view.service();
  if (view.page == View::Page::overview) {
    if (!service) {
      if (!view.silent) grid.put(row, 0, {{"no service is configured"}});
      return out;
    }
    const int rows = std::min(static_cast<int>(view.services.size()), std::max(2, (bottom - row) / 3));
    put_list(grid, row, rows, view, canvas);
    row += rows;
    put_rule(grid, row++, title_of(*service, canvas), canvas);
    const std::size_t room = static_cast<std::size_t>(std::max(0, bottom - row));
    for (const Line& line : sections_of(*service, room, canvas)) grid.put(row++, 0, line);
    return out;
  }
  std::vector<Line> lines;
  Line title{{view.title, Tone::strong}};
  if (view.page == View::Page::details && service) {
    lines = details_of(view, canvas);
    title = title_of(*service, canvas);
  } else if (view.page == View::Page::help) {
    lines = help_lines(canvas);
    title = {{"keys and signs", Tone::strong}};
  } else {
    lines = text_lines(view.text, canvas);
  }
  put_rule(grid, row++, title, canvas);
  const int room = std::max(1, bottom - row);
  out.most_scroll = std::max(0, static_cast<int>(lines.size()) - room);
  const int first = std::clamp(view.scroll, 0, out.most_scroll);
  const auto begin = lines.begin() + first;
  for (auto line = begin; line != lines.end() && line - begin < room; ++line)
    grid.put(row + static_cast<int>(line - begin), 0, *line);
  if (out.most_scroll > 0) {
    const std::string where = " " + std::to_string(first + 1) + "-" +
                              std::to_string(std::min(first + room, static_cast<int>(lines.size()))) + " of " +
                              std::to_string(lines.size()) + " ";
    grid.put(row - 1, size.width - 1 - static_cast<int>(where.size()), {{where, Tone::strong}});
  }
  return out;
}

} // namespace backstop::ctl::screen
