#include "daemon/report/picture.hpp"
#include "daemon/report/escape.hpp"
#include "daemon/report/scale.hpp"
#include "daemon/report/times.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace backstop::report {
namespace {

constexpr double kWidth = 420, kHeight = 210;
constexpr double kLeft = 54, kRight = 410, kTop = 24, kBottom = 186;
constexpr double kMark = 7.5; ///< radius of a mark's number
constexpr double kLabel = 11; ///< a band that is less high has no room for its name

class Drawing {
public:
  Drawing(const Course& course, const Frame& frame) : course_(course), frame_(frame), scale_(scale_of(course, frame)) {}

  std::string draw(const std::string& name) {
    out_ = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" "
                       "xmlns=\"http://www.w3.org/2000/svg\">",
                       kWidth, kHeight, in_html(name));
    bands();
    axes();
    limits();
    marks();
    line();
    return std::move(out_) + "</svg>";
  }

private:
  template <class... A> void add(fmt::format_string<A...> form, A&&... args) {
    fmt::format_to(std::back_inserter(out_), form, std::forward<A>(args)...);
  }
  [[nodiscard]] double x(Time t) const {
    return kLeft + (kRight - kLeft) * to_seconds(t - frame_.from) / to_seconds(frame_.to - frame_.from);
  }
  [[nodiscard]] double y(double v) const {
    return kBottom - (kBottom - kTop) * (v - scale_.low) / (scale_.high - scale_.low);
  }
  void label(double at_y, const char* style, const std::string& text) {
    add("<text class=\"{}\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", style, kRight - 3, at_y,
        in_html(text));
  }

  void bands() {
    if (!course_.row) return;
    band(course_.row->alert, "al", "alert ");
    band(course_.row->critical, "cr", "critical ");
  }
  void band(const Band& b, const char* style, const std::string& name) {
    const double low = std::max(b.low.value_or(scale_.low), scale_.low);
    const double high = std::min(b.high.value_or(scale_.high), scale_.high);
    if (high <= low) return;
    add("<rect class=\"{}\" x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\"/>", style, kLeft, y(high),
        kRight - kLeft, y(low) - y(high));
    if (y(low) - y(high) >= kLabel)
      labels_.push_back({y(high) + 10, std::string(style) + "t", name + show(b, course_.unit)});
  }
  void axes() {
    for (const double tick : scale_.ticks) {
      add("<path class=\"g\" d=\"M{} {:.1f}H{}\"/>", kLeft, y(tick), kRight);
      add("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLeft - 5, y(tick) + 3.5,
          in_html(show(tick, course_.unit)));
    }
    bool is_short = false;
    for (const Time t : time_ticks(frame_, is_short)) {
      const std::string clock = clock_of(t);
      add("<path class=\"t\" d=\"M{:.1f} {}v4\"/>", x(t), kBottom);
      const double at = std::min(x(t), kRight - 22);
      add("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", at, kBottom + 16,
          is_short ? clock.substr(0, 5) : clock);
    }
    add("<path class=\"t\" d=\"M{} {}H{}\"/>", kLeft, kBottom, kRight);
  }
  void limits() {
    for (const LimitLine& limit : course_.limits) {
      if (limit.value > scale_.high || limit.value < scale_.low) continue;
      add("<path class=\"li\" d=\"M{} {:.1f}H{}\"/>", kLeft, y(limit.value), kRight);
      labels_.push_back({y(limit.value) - 3, "crt", limit.text});
    }
    if (course_.baseline && *course_.baseline >= scale_.low && *course_.baseline <= scale_.high) {
      add("<path class=\"ba\" d=\"M{} {:.1f}H{}\"/>", kLeft, y(*course_.baseline), kRight);
      labels_.push_back({y(*course_.baseline) - 3, "bat", "before " + show(*course_.baseline, course_.unit)});
    }
    // One below the other where they would stand on each other.
    std::sort(labels_.begin(), labels_.end(), [](const Label& a, const Label& b) { return a.at < b.at; });
    double least = kTop + 9;
    for (Label& l : labels_) least = (l.at = std::max(l.at, least)) + kLabel;
    double most = kBottom - 2;
    for (std::size_t i = labels_.size(); i-- > 0;) most = (labels_[i].at = std::min(labels_[i].at, most)) - kLabel;
    for (const Label& l : labels_) label(l.at, l.style.c_str(), l.text);
  }
  void marks() {
    std::vector<double> at;
    for (const Mark& mark : frame_.marks) at.push_back(std::clamp(x(mark.at), kLeft, kRight));
    std::vector<double> head = at; // numbers stand beside each other, their lines where they belong
    for (std::size_t i = 1; i < head.size(); ++i) head[i] = std::max(head[i], head[i - 1] + 2 * kMark + 1);
    double most = kRight;
    for (std::size_t i = head.size(); i-- > 0; most = head[i] - 2 * kMark - 1) head[i] = std::min(head[i], most);
    for (std::size_t i = 0; i < at.size(); ++i) {
      const char* style = frame_.marks[i].bad ? "mb" : "m";
      add("<path class=\"{}\" d=\"M{:.1f} {}L{:.1f} {}V{}\"/>", style, head[i], kMark + 1, at[i], kTop, kBottom);
      add("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{}\" r=\"{}\"/>", style, head[i], kMark + 1, kMark);
      add("<text class=\"n\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", head[i], kMark + 4.6, i + 1);
    }
  }
  void line() {
    std::string path;
    bool broken = true;
    Time last{};
    const Duration hole = std::max<Duration>(std::chrono::seconds(10), (frame_.to - frame_.from) / 40);
    const auto to = [&](double px, double v) {
      fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", broken ? "M" : "L", px, y(v));
      broken = false;
    };
    const std::vector<Point>& points = course_.points;
    for (std::size_t i = 0; i < points.size();) {
      const Point& p = points[i];
      if (p.at < frame_.from || p.at > frame_.to) {
        ++i;
        continue;
      }
      if (!p.value || p.at - last > hole) broken = true;
      if (!p.value) {
        ++i;
        continue;
      }
      // All readings of one column of the picture.
      const auto column = static_cast<std::size_t>(x(p.at));
      double low = *p.value, high = *p.value, end = *p.value;
      for (++i; i < points.size() && points[i].value && points[i].at <= frame_.to &&
                static_cast<std::size_t>(x(points[i].at)) == column;
           ++i) {
        low = std::min(low, *points[i].value), high = std::max(high, *points[i].value), end = *points[i].value;
      }
      to(x(p.at), *p.value);
      if (low < *p.value) to(x(p.at), low);
      if (high > *p.value || low < *p.value) to(x(p.at), high);
      if (end != high) to(x(p.at), end);
      last = points[i - 1].at;
    }
    add("<path class=\"v\" d=\"{}\"/>", path);
  }

  struct Label {
    double at;
    std::string style, text;
  };
  const Course& course_;
  const Frame& frame_;
  Scale scale_;
  std::vector<Label> labels_;
  std::string out_;
};

} // namespace

std::string picture_of(const Course& course, const Frame& frame, const std::string& name) {
  const bool any = std::any_of(course.points.begin(), course.points.end(),
                               [&](const Point& p) { return p.value && p.at >= frame.from && p.at <= frame.to; });
  return any && frame.to > frame.from ? Drawing(course, frame).draw(name) : "";
}

} // namespace backstop::report
