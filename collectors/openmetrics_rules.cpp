#include "collectors/exposition_rules.hpp"
#include "collectors/number.hpp"
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_set>

namespace backstop {
namespace {

constexpr std::size_t kExemplarCharacters = 128;

bool is_whole(double v) { return std::isfinite(v) && std::floor(v) == v; }

/// OpenMetrics 1.0: families stand together, and so do the label sets ("metrics") within one.
class OpenMetricsRules final : public ExpositionRules {
public:
  void on_metadata(const MetadataView& m) override {
    line_ = m.line;
    if (m.kind == MetadataKind::eof || m.kind == MetadataKind::comment) return;
    if (m.name != family_) begin_family(m.name);
    const std::string word = m.kind == MetadataKind::help ? "HELP" : m.kind == MetadataKind::type ? "TYPE" : "UNIT";
    bool& had = m.kind == MetadataKind::help ? helped_ : m.kind == MetadataKind::type ? typed_ : united_;
    if (had) complain("a second " + word + " line for " + family_);
    had = true;
    if (sampled_) complain("the " + word + " line of " + family_ + " must come before its samples");
    if (m.kind == MetadataKind::type) take_type(m.type);
    if (m.kind == MetadataKind::unit) has_unit_ = !m.text.empty();
    if (has_unit_ && (type_ == MetricType::info || type_ == MetricType::stateset))
      complain("a family of type " + std::string(name_of(type_)) + " has no unit");
  }

  void on_sample(const SampleView& s) override {
    line_ = s.line;
    std::string_view suffix;
    if (!is_ours(s.name, suffix)) begin_family(s.name);
    sampled_ = true;
    name_ = s.name;
    if (s.trailing_comma) complain("a ',' before '}'");
    enter_group(s);
    check_time(s);
    check_exemplar(s, suffix);
    check_value(s, suffix);
  }

  void finish() override {
    end_group();
    family_.clear();
  }

private:
  struct Group { ///< one label set of a family, without le and quantile
    std::optional<double> count, sum, last_le, last_bucket;
    bool infinite = false;
    bool negative_le = false;
    bool entered = false;
    bool timed = false;
    double time = -std::numeric_limits<double>::infinity();
    std::size_t line = 0;
  };

  void complain(std::string reason) { fault(line_, std::move(reason)); }

  static std::span<const std::string_view> strict_suffixes(MetricType type) {
    const auto all = suffixes_of(type);
    return type == MetricType::gaugehistogram ? all.first(3) : all; // _count and _sum are 0.0.4's
  }

  bool is_ours(std::string_view name, std::string_view& suffix) const {
    if (family_.empty() || !name.starts_with(family_)) return false;
    suffix = name.substr(family_.size());
    if (suffix.empty()) return true;
    const auto allowed = strict_suffixes(type_);
    return std::find(allowed.begin(), allowed.end(), suffix) != allowed.end();
  }

  void begin_family(std::string_view name) {
    end_group();
    family_ = name;
    type_ = MetricType::unknown;
    helped_ = typed_ = united_ = has_unit_ = sampled_ = false;
    groups_.clear();
    group_key_.clear();
    if (!taken_.insert(family_).second)
      complain(family_ + " was there before: the lines of a family must stand together, and no two may share a name");
  }

  void take_type(MetricType type) {
    type_ = type;
    for (const std::string_view suffix : strict_suffixes(type))
      if (!taken_.insert(family_ + std::string(suffix)).second)
        complain(family_ + std::string(suffix) + " belongs to this family and to another one");
  }

  void enter_group(const SampleView& s) {
    std::vector<LabelView> labels;
    for (const LabelView& l : s.labels) {
      const bool own = (l.name == "le" && is_histogram()) || (l.name == "quantile" && type_ == MetricType::summary) ||
                       (type_ == MetricType::stateset && l.name == family_);
      if (!own) labels.push_back(l);
    }
    std::sort(labels.begin(), labels.end(), [](const LabelView& a, const LabelView& b) { return a.name < b.name; });
    std::string key;
    for (const LabelView& l : labels) key.append(l.name).append(1, '\xFF').append(l.value).append(1, '\xFE');
    if (group_.entered && key == group_key_) return;
    end_group();
    group_.entered = true;
    group_key_ = key;
    if (!groups_.insert(std::move(key)).second)
      complain("the samples of one label set of " + family_ + " must stand together");
  }

  void check_time(const SampleView& s) {
    const bool first = group_.line == 0;
    if (!first && s.has_timestamp != group_.timed) complain("samples of " + family_ + " with and without a timestamp");
    if (s.has_timestamp && s.timestamp < group_.time) complain("the timestamps of " + family_ + " go backwards");
    if (s.has_timestamp) {
      if (s.timestamp > group_.time && is_histogram() && !first) { // the next point of the same histogram
        end_group();
        group_.entered = true;
      }
      group_.time = s.timestamp;
    }
    group_.timed = s.has_timestamp;
    group_.line = s.line;
  }

  void check_exemplar(const SampleView& s, std::string_view suffix) {
    if (!s.has_exemplar) return;
    const bool allowed =
        (type_ == MetricType::counter && suffix == "_total") || (is_histogram() && suffix == "_bucket");
    if (!allowed) complain("only the _total of a counter and the _bucket of a histogram may have an exemplar");
    std::size_t characters = 0;
    for (const LabelView& l : s.exemplar_labels) characters += count_code_points(l.name) + count_code_points(l.value);
    if (characters > kExemplarCharacters) complain("the labels of an exemplar have more than 128 characters");
  }

  [[nodiscard]] bool is_histogram() const {
    return type_ == MetricType::histogram || type_ == MetricType::gaugehistogram;
  }

  void check_value(const SampleView& s, std::string_view suffix) {
    switch (type_) {
    case MetricType::unknown:
    case MetricType::gauge: return;
    case MetricType::counter:
      if (suffix.empty()) complain("the sample of the counter " + family_ + " must be named " + family_ + "_total");
      if (suffix == "_total") not_negative(s.value);
      return;
    case MetricType::info:
      if (suffix.empty())
        complain("the sample of the info " + family_ + " must be named " + family_ + "_info");
      else if (s.value != 1)
        complain("the value of an info must be 1");
      return;
    case MetricType::stateset:
      if (find_label(s.labels, family_) == nullptr) complain("a stateset needs a label named " + family_);
      if (s.value != 0 && s.value != 1) complain("the value of a stateset must be 0 or 1");
      return;
    case MetricType::summary: return check_summary(s, suffix);
    case MetricType::histogram:
    case MetricType::gaugehistogram: return check_histogram(s, suffix);
    }
  }

  void not_negative(double v) {
    if (!(v >= 0)) complain(name_ + (std::isnan(v) ? " is not a number" : " is negative"));
  }
  void whole_count(double v) {
    if (!(v >= 0))
      not_negative(v);
    else if (!is_whole(v))
      complain(name_ + " must be a whole number");
  }

  void check_summary(const SampleView& s, std::string_view suffix) {
    if (suffix == "_count") return whole_count(s.value);
    if (suffix == "_sum") return not_negative(s.value);
    if (!suffix.empty()) return;
    const LabelView* label = find_label(s.labels, "quantile");
    double quantile = 0;
    if (label == nullptr || !parse_number(label->value, quantile) || !(quantile >= 0 && quantile <= 1))
      complain("a quantile of a summary needs a label quantile from 0 to 1");
    if (s.value < 0) complain(name_ + " is negative");
  }

  void check_histogram(const SampleView& s, std::string_view suffix) {
    if (suffix == "_created") return;
    if (suffix.empty())
      return complain("a sample of the histogram " + family_ + " needs a suffix: " + family_ + "_bucket, ...");
    if (suffix == "_bucket") return check_bucket(s);
    if (suffix == "_sum" || suffix == "_gsum") {
      group_.sum = s.value;
      if (std::isnan(s.value)) complain(name_ + " is not a number");
      return;
    }
    group_.count = s.value;
    whole_count(s.value);
  }

  void check_bucket(const SampleView& s) {
    const LabelView* label = find_label(s.labels, "le");
    double le = 0;
    if (label == nullptr || !parse_number(label->value, le) || std::isnan(le))
      return complain(name_ + " needs a label le with a number");
    if (std::isinf(le) && label->value != "+Inf") return complain("the last bucket must be written le=\"+Inf\"");
    whole_count(s.value);
    if (group_.last_le && le <= *group_.last_le) complain("the buckets of " + family_ + " must go up by le");
    if (group_.last_bucket && s.value < *group_.last_bucket)
      complain("the buckets of " + family_ + " must be cumulative");
    group_.last_le = le;
    group_.last_bucket = s.value;
    group_.infinite = group_.infinite || std::isinf(le);
    group_.negative_le = group_.negative_le || le < 0;
  }

  /// What can be said of a histogram only when all of it was there.
  void end_group() {
    if (group_.entered && is_histogram() && sampled_) {
      const bool gauge = type_ == MetricType::gaugehistogram;
      const std::string sum = family_ + (gauge ? "_gsum" : "_sum");
      const std::string count = family_ + (gauge ? "_gcount" : "_count");
      if (!group_.infinite)
        complain("the histogram " + family_ + " has no bucket le=\"+Inf\"");
      else if (group_.count && *group_.count != group_.last_bucket)
        complain(count + " is not what the bucket le=\"+Inf\" says");
      const bool sum_forbidden = group_.negative_le && !gauge;
      if (group_.sum && sum_forbidden) complain(sum + " is not allowed where a bucket has a negative le");
      if (group_.sum && !sum_forbidden && !group_.count) complain(sum + " without " + count);
      if (group_.count && !group_.sum && !sum_forbidden) complain(count + " without " + sum);
      if (group_.sum && *group_.sum < 0 && !group_.negative_le) complain(sum + " is negative, and no bucket is");
    }
    group_ = Group{};
  }

  std::size_t line_ = 0;
  std::string family_, name_;
  MetricType type_ = MetricType::unknown;
  bool helped_ = false, typed_ = false, united_ = false, has_unit_ = false, sampled_ = false;
  Group group_;
  std::string group_key_;
  std::unordered_set<std::string> groups_; ///< of this family
  std::unordered_set<std::string> taken_;  ///< names of families and of the samples they imply
};

} // namespace

std::unique_ptr<ExpositionRules> detail::make_openmetrics_rules() { return std::make_unique<OpenMetricsRules>(); }

} // namespace backstop
