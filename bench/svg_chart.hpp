#pragma once
#include "bench/report.hpp"
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace backstop::bench {

/// Lines over a logarithmic x axis, as SVG that reads on a light and on a dark page: no background, middle tones of blue
/// and orange that differ for every kind of colour vision, and another marker and dash for each line.
struct Chart {
  struct Line {
    std::string name;
    std::vector<std::pair<double, double>> points;
  };
  std::string title, x_name, y_name;
  std::vector<Line> lines; ///< at most 3
};

class DrawnChart : private Chart {
public:
  explicit DrawnChart(Chart chart) : Chart(std::move(chart)) {
    for (const Line& line : lines)
      for (const auto& [x, y] : line.points)
        low_ = std::min(low_, x), high_ = std::max(high_, x), top_ = std::max(top_, y);
    const double power = std::pow(10, std::floor(std::log10(top_ / 4)));
    step_ = power * (top_ <= 8 * power ? 2 : top_ <= 20 * power ? 5 : 10);
    top_ = step_ * std::ceil(top_ / step_);
  }
  [[nodiscard]] std::string svg() const;

private:
  static constexpr double kWidth = 720, kHeight = 400, kLeft = 76, kRight = 24, kTop = 66, kBottom = 56;
  static constexpr const char* kInk = "#768390";
  double low_ = HUGE_VAL, high_ = 0; ///< of x
  double top_ = 0, step_ = 1;        ///< of y

  [[nodiscard]] double x_of(double x) const {
    return kLeft + (kWidth - kLeft - kRight) * std::log(x / low_) / std::log(high_ / low_);
  }
  [[nodiscard]] double y_of(double y) const { return kHeight - kBottom - (kHeight - kTop - kBottom) * y / top_; }
  static std::string label(double x, double y, const std::string& words, const char* anchor, int size = 13,
                           const std::string& more = "") {
    return text("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\" %s>", x, y, anchor, size,
                more.c_str()) +
           words + "</text>\n";
  }
  static std::string number(double v) {
    std::string digits = v == std::floor(v) ? text("%.0f", v) : text("%g", v);
    if (v >= 1000)
      for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
  }
  static std::string marker(std::size_t line, double x, double y) {
    switch (line) {
    case 0: return text("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", x, y);
    case 1: return text("<rect x=\"%.1f\" y=\"%.1f\" width=\"8\" height=\"8\"/>", x - 4, y - 4);
    default: return text("<path d=\"M%.1f %.1fl5 9h-10z\"/>", x, y - 5);
    }
  }
  [[nodiscard]] std::string axes() const;
  [[nodiscard]] std::string drawn(std::size_t line) const;
};

inline std::string DrawnChart::svg() const {
  std::string all =
      text("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" "
           "fill=\"%s\" role=\"img\">\n",
           kWidth, kHeight, kInk) +
      "<title>" + title + "</title>\n" + label(kLeft, 24, title, "start", 16, "font-weight=\"bold\"") + axes();
  for (std::size_t i = 0; i < lines.size(); ++i) all += drawn(i);
  return all + "</svg>\n";
}

inline std::string DrawnChart::axes() const {
  std::string all;
  for (double y = 0; y <= top_ * 1.001; y += step_)
    all += text("<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\" stroke-opacity=\"0.35\"/>\n", kLeft, y_of(y),
                kWidth - kRight, kInk) +
           label(kLeft - 8, y_of(y) + 4.5, number(y), "end");
  std::vector<double> marks;
  for (const Line& line : lines)
    for (const auto& [x, y] : line.points)
      if (std::find(marks.begin(), marks.end(), x) == marks.end()) marks.push_back(x);
  for (const double x : marks)
    all += text("<path d=\"M%.1f %.1fv5\" stroke=\"%s\"/>\n", x_of(x), kHeight - kBottom, kInk) +
           label(x_of(x), kHeight - kBottom + 20, number(x), "middle");
  return all + label((kLeft + kWidth - kRight) / 2, kHeight - 10, x_name, "middle") +
         label(18, (kTop + kHeight - kBottom) / 2, y_name, "middle", 13,
               text("transform=\"rotate(-90 18 %.1f)\"", (kTop + kHeight - kBottom) / 2));
}

inline std::string DrawnChart::drawn(std::size_t i) const {
  static constexpr const char* colours[] = {"#3b82c4", "#c8741a", "#8a8f98"};
  static constexpr const char* dashes[] = {"", "7 4", "2 4"};
  std::string path, markers;
  for (const auto& [x, y] : lines[i].points) {
    path += text("%c%.1f %.1f", path.empty() ? 'M' : 'L', x_of(x), y_of(y));
    markers += marker(i, x_of(x), y_of(y));
  }
  const double at = kLeft + 8 + 210 * static_cast<double>(i);
  return text("<g fill=\"%s\" stroke=\"none\">", colours[i]) +
         text("<path fill=\"none\" stroke=\"%s\" stroke-width=\"2.5\" stroke-dasharray=\"%s\" d=\"", colours[i],
              dashes[i]) +
         path + "\"/>" + markers + marker(i, at, 46) + label(at + 12, 50.5, lines[i].name, "start") + "</g>\n";
}

} // namespace backstop::bench
