#include "daemon/replay/recording_text.hpp"
#include "collectors/series_text.hpp"
#include <charconv>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace backstop::replay {
namespace {

constexpr std::string_view kTotal = "_total";

std::string number(double value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

/// Seconds since 1970 with all microseconds that there are.
std::string seconds(Time t) {
  const std::int64_t us = to_us(t);
  std::string digits = std::to_string(1'000'000 + us % 1'000'000).substr(1);
  digits.erase(digits.find_last_not_of('0') + 1);
  return std::to_string(us / 1'000'000) + (digits.empty() ? "" : "." + digits);
}

/// `http_requests_total` of `http_requests_total{code="200"}` and `a.b` of `{"a.b",code="200"}`.
std::string name_of(const std::string& series) {
  if (series.front() != '{') return series.substr(0, series.find('{'));
  std::size_t end = 2;
  while (end < series.size() && series[end] != '"') end += series[end] == '\\' ? 2 : 1;
  return series.substr(2, end - 2);
}

/// `series` with more labels behind its own.
std::string with_labels(std::string series, const std::string& labels) {
  if (series.back() != '}') return series + "{" + labels + "}";
  series.pop_back();
  return series + "," + labels + "}";
}

struct Line {
  std::string series; ///< with all labels
  std::vector<std::pair<Time, double>> points;
};
/// In the order in which they were first seen.
struct Family {
  std::string name;
  std::vector<Line> lines;
};

class Families {
public:
  void add(const std::string& series, const std::string& labels, Time t, double value) {
    const auto [at, fresh] = places_.try_emplace({series, labels});
    if (fresh) at->second = place_of(series, labels);
    families_[at->second.first].lines[at->second.second].points.emplace_back(t, value);
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const Family& family : families_) {
      out += type_line(family.name);
      for (const Line& line : family.lines) {
        for (const auto& [t, value] : line.points)
          out.append(line.series).append(" ").append(number(value)).append(" ").append(seconds(t)).append("\n");
      }
    }
    return out + "# EOF\n";
  }

private:
  std::pair<std::size_t, std::size_t> place_of(const std::string& series, const std::string& labels) {
    const std::string name = name_of(series);
    const auto [at, fresh] = by_name_.emplace(name, families_.size());
    if (fresh) families_.push_back({name, {}});
    Family& family = families_[at->second];
    family.lines.push_back({with_labels(series, labels), {}});
    return {at->second, family.lines.size() - 1};
  }
  /// By OpenMetrics `_total` is a counter's, and a family with the suffix in its name is none.
  [[nodiscard]] std::string type_line(const std::string& name) const {
    const bool suffixed = name.size() > kTotal.size() && name.ends_with(kTotal);
    const std::string family = suffixed ? name.substr(0, name.size() - kTotal.size()) : name;
    if (suffixed && !by_name_.contains(family)) return "# TYPE " + family + " counter\n";
    return "# TYPE " + name + " unknown\n";
  }

  std::vector<Family> families_;
  std::map<std::string, std::size_t> by_name_;
  std::map<std::pair<std::string, std::string>, std::pair<std::size_t, std::size_t>> places_;
};

} // namespace

std::string openmetrics_of(std::span<const KeptScrape> scrapes) {
  Families families;
  std::map<ScrapedTarget, std::string> labels_of;
  for (const KeptScrape& scrape : scrapes) {
    const auto [at, fresh] = labels_of.try_emplace(*scrape.of);
    if (fresh)
      at->second = "backstop_source=\"" + escaped_label_value(scrape.of->source) + "\",backstop_target=\"" +
                   escaped_label_value(scrape.of->target) + "\"";
    const std::string& labels = at->second;
    const std::string why = scrape.ok ? "" : ",why=\"" + escaped_label_value(scrape.why) + "\"";
    families.add("backstop_scrape", labels + why, scrape.t, scrape.ok ? 1 : 0);
    families.add("backstop_scrape_duration_seconds", labels, scrape.t, to_seconds(scrape.took));
  }
  for (const KeptScrape& scrape : scrapes) {
    const std::string& labels = labels_of.at(*scrape.of);
    for (const KeptScrape::Value& value : scrape.values)
      families.add(std::string(value.series.view()), labels, scrape.t, value.value);
  }
  return families.text();
}

} // namespace backstop::replay
