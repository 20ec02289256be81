#include "daemon/ctl/layout.hpp"
#include "daemon/ctl/screen/drawing.hpp"
#include <algorithm>
#include <cmath>

namespace backstop::ctl::screen {
namespace {

constexpr std::size_t kMostTogether = 10; ///< values in a column, where no deployment wants to be seen whole

/// How values become columns: the newest at the right edge, `together` of them in one, a boundary where the deployment began.
struct Scale {
  std::size_t together = 1, right = 0, left = 0; ///< columns from the begin on, and before it
};

Scale scale_of(const Course& course, std::size_t columns) {
  Scale scale;
  const std::size_t all = course.values.size(), since = all - course.begun.value_or(0);
  if (!course.begun) {
    scale.together = std::clamp<std::size_t>(all / columns, 1, kMostTogether);
    scale.right = std::min(columns, (all + scale.together - 1) / scale.together);
    return scale;
  }
  const std::size_t most = std::max<std::size_t>(1, (columns - 1) * 2 / 3);
  scale.together = std::max<std::size_t>(1, (since + most - 1) / most);
  scale.right = (since + scale.together - 1) / scale.together;
  scale.left = std::min(columns - 1 - scale.right, (*course.begun + scale.together - 1) / scale.together);
  return scale;
}

/// The worst of some values; none where there is none.
std::optional<double> worst_of(const Indicator& i, std::size_t first, std::size_t last) {
  std::optional<double> worst;
  for (std::size_t n = first; n < last; ++n) {
    const std::optional<double>& v = i.course.values[n];
    if (v && (!worst || (i.lower_is_worse ? *v < *worst : *v > *worst))) worst = v;
  }
  return worst;
}

/// What stands in the columns; before the deployment first.
std::vector<std::optional<double>> columns_before(const Indicator& i, const Scale& scale) {
  std::vector<std::optional<double>> out;
  for (std::size_t n = scale.left; n > 0; --n) {
    const std::size_t end = *i.course.begun - (n - 1) * scale.together;
    out.push_back(worst_of(i, end - std::min(end, scale.together), end));
  }
  return out;
}
std::vector<std::optional<double>> columns_since(const Indicator& i, const Scale& scale) {
  std::vector<std::optional<double>> out;
  const std::size_t all = i.course.values.size();
  std::size_t at = i.course.begun ? *i.course.begun : all - std::min(all, scale.right * scale.together);
  for (; at < all; at += scale.together) out.push_back(worst_of(i, at, std::min(all, at + scale.together)));
  return out;
}

struct Heights {
  double low = 0, high = 0;
  [[nodiscard]] std::size_t of(double value, std::size_t steps) const {
    if (!(high > low)) return 0;
    const double share = std::clamp((value - low) / (high - low), 0.0, 1.0);
    return std::min(steps - 1, static_cast<std::size_t>(share * static_cast<double>(steps)));
  }
};

Heights heights_of(const std::vector<std::optional<double>>& values, const std::optional<double>& threshold) {
  std::optional<double> low = threshold, high = threshold;
  for (const std::optional<double>& v : values) {
    if (!v || !std::isfinite(*v)) continue;
    low = low ? std::min(*low, *v) : *v;
    high = high ? std::max(*high, *v) : *v;
  }
  Heights heights{low.value_or(0), high.value_or(0)};
  // From zero, but where that would make one flat line of values far from it.
  if (heights.low > 0 && heights.low < 0.7 * heights.high) heights.low = 0;
  return heights;
}

bool is_beyond(const Indicator& i, double value) {
  return i.threshold && (i.lower_is_worse ? value < *i.threshold : value > *i.threshold);
}

struct Widths {
  int name = 4, level = 8, value = 5, limit = 5, baseline = 0, course = 0, meter = 0, held = 0;
};

int columns_in(const std::string& text, const Canvas& canvas) { return columns_of(glyphs_of(text, canvas.utf8())); }

/// What leads to nothing stands in brackets; on a page with room for it with the reason.
bool counts(const Indicator& i) { return i.remark.empty(); }
std::string name_of(const Indicator& i, const Canvas& canvas) {
  return i.name + (counts(i) || canvas.width < 120 ? "" : " (" + i.remark + ")");
}
Span level_of(const Indicator& i) {
  if (i.remark == "no rule") return {"", Tone::quiet};
  Span word = word_of(i.mark);
  return counts(i) ? word : Span{"(" + word.text + ")", Tone::quiet};
}

Widths widths_of(const Service& service, const Canvas& canvas) {
  Widths w;
  int held = 8;
  for (const Indicator& i : service.indicators) {
    w.name = std::max(w.name, columns_in(name_of(i, canvas), canvas));
    w.level = std::max(w.level, columns_in(level_of(i).text, canvas));
    w.value = std::max(w.value, columns_in(i.value, canvas));
    w.limit = std::max(w.limit, columns_in(i.limit, canvas));
    w.baseline = std::max(w.baseline, columns_in(i.baseline, canvas));
    held = std::max(held, columns_in(i.held, canvas));
  }
  w.name = std::min(w.name, canvas.width >= 120 ? 36 : canvas.width >= 60 ? 18 : 12);
  w.value = std::min(w.value, 12);
  w.limit = std::min(w.limit, canvas.width >= 120 ? 24 : 14);
  w.baseline = canvas.width < 60 ? 0 : std::clamp(w.baseline, 8, 10);
  const auto gap = [](int columns) { return columns > 0 ? columns + 1 : 0; };
  int rest = canvas.width - 2 - w.name - gap(w.level) - gap(w.value) - gap(w.limit) - gap(w.baseline);
  const int meter = canvas.width >= 120 ? 8 : 4;
  if (rest >= gap(meter)) w.meter = meter, rest -= gap(meter);
  if (rest >= held + 1 + 9) w.held = held, rest -= gap(held);
  w.course = rest >= 6 ? std::min(rest - 1, 60) : 0;
  return w;
}

Line header_of(const Service& service, const Widths& w, const Canvas& canvas) {
  const auto cell = [&](const char* word, int columns) {
    return padded({std::string(" ") + word, Tone::quiet}, columns + 1, canvas);
  };
  Line line{{"  ", Tone::plain},
            padded({"rule", Tone::quiet}, w.name, canvas),
            cell("level", w.level),
            cell("value", w.value),
            cell("limit", w.limit)};
  if (w.baseline > 0) line.push_back(cell("baseline", w.baseline));
  if (w.course > 0) {
    std::string title;
    for (const Indicator& i : service.indicators) {
      if (i.course.values.empty() || !title.empty()) continue;
      const Scale scale = scale_of(i.course, static_cast<std::size_t>(w.course));
      const double span = i.course.every_s * static_cast<double>((scale.left + scale.right) * scale.together);
      title = i.course.every_s > 0 ? "last " + short_duration(span) : "course";
      if (i.course.begun) title += std::string(" ") + canvas.signs().begun + " " + service.shown;
    }
    line.push_back(cell(title.c_str(), w.course));
  }
  if (w.meter > 0) line.push_back({w.held > 0 ? " evidence" : " ev.", Tone::quiet});
  return line;
}

Line line_of(const Indicator& i, const Widths& w, const Canvas& canvas) {
  const auto cell = [&](const std::string& text, Tone tone, int columns) {
    return padded({" " + text, tone}, columns + 1, canvas);
  };
  const Span word = level_of(i);
  const Tone reading = !counts(i) ? Tone::quiet : i.reading == Mark::normal ? Tone::plain : tone_of(i.reading);
  Span sign = sign_of(i.mark, canvas);
  if (!counts(i)) sign.tone = Tone::quiet;
  Line line{sign,
            {" ", Tone::plain},
            padded({name_of(i, canvas), Tone::plain}, w.name, canvas),
            cell(word.text, word.tone, w.level),
            cell(i.value, reading, w.value),
            cell(i.limit, Tone::plain, w.limit)};
  if (w.baseline > 0) line.push_back(cell(i.baseline.empty() ? "-" : i.baseline, Tone::plain, w.baseline));
  if (!i.why.empty()) {
    line.push_back({" " + i.why, i.mark == Mark::blind ? Tone::alert : Tone::quiet});
    return line;
  }
  if (w.course > 0) {
    line.push_back({" ", Tone::plain});
    for (Span& span : sparkline(i, w.course, canvas)) line.push_back(std::move(span));
  }
  if (w.meter > 0 && !i.limit.empty()) {
    line.push_back({" ", Tone::plain});
    for (Span& span : bar(i.evidence, w.meter, reading == Tone::plain ? Tone::strong : reading, canvas))
      line.push_back(std::move(span));
    if (w.held > 0) line.push_back(cell(i.held, reading, w.held));
  }
  return line;
}

} // namespace

Line sparkline(const Indicator& i, int width, const Canvas& canvas) {
  const auto columns = static_cast<std::size_t>(std::max(width, 2));
  const Signs& signs = canvas.signs();
  const Scale scale = scale_of(i.course, columns);
  std::vector<std::optional<double>> values = columns_before(i, scale);
  const std::size_t before = values.size();
  for (const std::optional<double>& v : columns_since(i, scale)) values.push_back(v);
  const Heights heights = heights_of(values, i.threshold);
  const Tone beyond = i.mark == Mark::critical || i.reading == Mark::critical ? Tone::critical : Tone::alert;
  const Tone bad = counts(i) ? beyond : Tone::plain;
  const std::size_t used = values.size() + (i.course.begun ? 1 : 0);
  Line line{{std::string(columns - std::min(columns, used), ' '), Tone::plain}};
  for (std::size_t n = 0; n < values.size(); ++n) {
    if (i.course.begun && n == before) line.push_back({signs.begun, Tone::strong});
    if (!values[n])
      line.push_back({signs.no_reading, Tone::quiet});
    else
      line.push_back(
          {signs.heights[heights.of(*values[n], signs.heights.size())], is_beyond(i, *values[n]) ? bad : Tone::plain});
  }
  return line;
}

std::vector<Line> indicator_lines(const Service& service, const Canvas& canvas) {
  if (service.indicators.empty()) return {};
  const Widths w = widths_of(service, canvas);
  std::vector<Line> lines{header_of(service, w, canvas)};
  for (const Indicator& i : service.indicators) lines.push_back(line_of(i, w, canvas));
  return lines;
}

} // namespace backstop::ctl::screen
