#include "collectors/promql_answer.hpp"
#include "collectors/name_chars.hpp"
#include "collectors/number.hpp"
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace backstop {
namespace {

constexpr std::size_t kMostSaid = 300;

bool is_label_name(std::string_view name) {
  return !name.empty() && is_label_start(name.front()) && std::all_of(name.begin(), name.end(), is_label_char);
}

/// What another program said, fit for one line of ours.
std::string shown(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (text.size() > kMostSaid) {
    text.resize(kMostSaid);
    while (!text.empty() && !is_utf8(text)) text.pop_back();
    text += "…";
  }
  return text;
}

/// Takes an answer in as it is read: the largest one costs no more than the series that are kept of it.
class Reader final : public nlohmann::json_sax<nlohmann::json> {
public:
  explicit Reader(const PromqlLimits& limits) : limits_(limits) {}

  bool null() override { return scalar(); }
  bool boolean(bool value) override {
    if (at() == Place::root && key_ == "isPartial") partial_ = value;
    return scalar();
  }
  bool number_integer(number_integer_t value) override { return number(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) override { return number(value); }
  bool string(string_t& text) override {
    const Place place = at();
    if (place == Place::point) return value(text);
    if (place == Place::metric) {
      if (key_ == "__name__") return true;
      if (!is_label_name(key_)) return stop(Errc::invalid, "a label whose name is none: \"" + shown(key_) + "\"");
      series_.back().labels.emplace_back(key_, text);
    }
    if (place == Place::root && key_ == "status") status_ = text;
    if (place == Place::root && key_ == "error") error_ = text;
    if (place == Place::root && key_ == "errorType") error_type_ = text;
    if (place == Place::data && key_ == "resultType") type_ = text;
    if (place == Place::result) scalar_ = text;
    if (place == Place::warnings) warnings_.push_back(text);
    if (place == Place::infos) infos_.push_back(text);
    return scalar();
  }
  bool binary(binary_t&) override { return scalar(); }
  bool key(string_t& name) override {
    key_ = name;
    return true;
  }
  bool start_object(std::size_t) override {
    Place next = Place::other;
    if (places_.empty())
      next = Place::root;
    else if (at() == Place::root && key_ == "data")
      next = Place::data;
    else if (at() == Place::result)
      next = Place::series;
    else if (at() == Place::series && key_ == "metric")
      next = Place::metric;
    if (next == Place::series) {
      if (series_.size() >= limits_.series)
        return stop(Errc::too_large, "more than " + std::to_string(limits_.series) +
                                         " series: aggregate them in the query, as with sum(...), or raise max_series");
      series_.emplace_back();
    }
    return enter(next);
  }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override {
    Place next = Place::other;
    if (at() == Place::root && key_ == "warnings") next = Place::warnings;
    if (at() == Place::root && key_ == "infos") next = Place::infos;
    if (at() == Place::data && key_ == "result") next = Place::result;
    if (at() == Place::series && key_ == "value") next = Place::point;
    if (at() == Place::series && key_ == "values") next = Place::points;
    if (at() == Place::series && (key_ == "histogram" || key_ == "histograms"))
      return stop(Errc::invalid, "a native histogram: ask for classic buckets, as with sum by (le) (..._bucket)");
    if (at() == Place::points) next = Place::point;
    if (next == Place::point) begin_point();
    return enter(next);
  }
  bool end_array() override {
    if (at() == Place::point && (!time_ || !valued_))
      return stop(Errc::invalid, "a point that is no [time, \"value\"]");
    return leave();
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return stop(Errc::invalid, "no JSON from byte " + std::to_string(position) + " on");
  }

  /// What became of it; `whole`: the text was read to its end.
  Result<PromqlAnswer> take(bool whole) {
    if (!whole) return fail_ ? *fail_ : fail(Errc::invalid, "no JSON");
    if (status_ == "error") {
      const std::string kind = error_type_.empty() ? "" : error_type_ + ": ";
      return fail(Errc::io, "the engine says " + shown(kind + (error_.empty() ? "error" : error_)));
    }
    if (status_ != "success") return fail(Errc::invalid, "no answer of a PromQL engine: it has no status");
    if (partial_) return fail(Errc::io, "a partial answer: some of the engine's storages did not answer");
    PromqlAnswer answer;
    for (const std::string& warning : warnings_) {
      // Remarks about the query begin so since Prometheus 3; all other warnings tell of storages that did not answer.
      if (!warning.starts_with("PromQL ")) return fail(Errc::io, "a partial answer: " + shown(warning));
      add_note(answer.notes, warning);
    }
    for (const std::string& info : infos_) add_note(answer.notes, info);
    if (type_ == "scalar") {
      PromqlPoint point{time_.value_or(0), 0};
      if (!time_ || !parse_number(scalar_, point.value)) return fail(Errc::invalid, "a scalar that is no number");
      if (std::isfinite(point.value)) answer.series.push_back({{}, {point}});
      return answer;
    }
    if (type_ != "vector" && type_ != "matrix")
      return fail(Errc::invalid, type_.empty() ? "no answer of a PromQL engine: it has no resultType"
                                               : "the query gives a " + shown(type_) + ", numbers are wanted");
    std::set<std::vector<std::pair<std::string, std::string>>> seen;
    for (PromqlSeries& series : series_) {
      std::sort(series.labels.begin(), series.labels.end());
      const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
      if (std::adjacent_find(series.labels.begin(), series.labels.end(), same) != series.labels.end())
        return fail(Errc::invalid, "a series with a label twice");
      // A label without a value is none: kept, it would make two series of one.
      std::erase_if(series.labels, [](const auto& label) { return label.second.empty(); });
      if (!seen.insert(series.labels).second)
        return fail(Errc::invalid, "two series differ in their metric name alone: aggregate them, as with sum(...)");
      for (std::size_t i = 1; i < series.points.size(); ++i)
        if (series.points[i].t <= series.points[i - 1].t) return fail(Errc::invalid, "points out of order");
      if (!series.points.empty()) answer.series.push_back(std::move(series));
    }
    return answer;
  }

private:
  enum class Place { root, data, result, series, metric, points, point, warnings, infos, other };

  [[nodiscard]] Place at() const { return places_.empty() ? Place::other : places_.back(); }
  bool enter(Place place) {
    if (places_.size() >= kDeepest) return stop(Errc::too_large, "nested too deeply");
    if (at() == Place::result && place != Place::series) return stop(Errc::invalid, "a result that is no series");
    places_.push_back(place);
    return true;
  }
  bool leave() {
    places_.pop_back();
    return true;
  }
  bool stop(Errc code, std::string why) {
    if (!fail_) fail_ = fail(code, std::move(why));
    return false;
  }
  bool scalar() {
    if (places_.empty()) return stop(Errc::invalid, "no answer of a PromQL engine");
    return true;
  }
  bool number(double value) {
    if (at() == Place::point || at() == Place::result) {
      if (time_ || !std::isfinite(value)) return stop(Errc::invalid, "a point that is no [time, \"value\"]");
      time_ = value;
    }
    return scalar();
  }
  void begin_point() {
    time_.reset();
    valued_ = false;
  }
  /// The text of a value, behind its time.
  bool value(const std::string& text) {
    PromqlPoint point;
    if (!time_ || valued_ || !parse_number(text, point.value))
      return stop(Errc::invalid, "a point that is no [time, \"value\"]: \"" + shown(text) + "\"");
    valued_ = true;
    if (!std::isfinite(point.value)) return true;
    if (++points_ > limits_.points)
      return stop(Errc::too_large, "more than " + std::to_string(limits_.points) + " points: aggregate in the query");
    point.t = *time_;
    series_.back().points.push_back(point);
    return true;
  }
  static void add_note(std::string& notes, const std::string& note) {
    const std::string said = shown(note);
    if (notes.size() + said.size() <= 2 * kMostSaid) notes += (notes.empty() ? "" : "; ") + said;
  }

  static constexpr std::size_t kDeepest = 16;
  const PromqlLimits& limits_;
  std::vector<Place> places_;
  std::string key_;
  std::string status_, type_, error_, error_type_;
  std::vector<std::string> warnings_, infos_;
  bool partial_ = false;
  std::vector<PromqlSeries> series_;
  std::size_t points_ = 0;
  std::optional<double> time_;
  bool valued_ = false;
  std::string scalar_; ///< the value of what has no series
  std::optional<Error> fail_;
};

} // namespace

Result<PromqlAnswer> read_promql_answer(std::string_view body, const PromqlLimits& limits) {
  Reader reader(limits);
  const bool whole = nlohmann::json::sax_parse(body.begin(), body.end(), &reader);
  return reader.take(whole);
}

} // namespace backstop
