#include "collectors/exposition_rules.hpp"
#include "collectors/number.hpp"
#include <algorithm>
#include <unordered_map>

namespace backstop {
namespace {

/// 0.0.4. Families may come in pieces; HELP and TYPE may each come once, TYPE before the samples.
class PlainRules final : public ExpositionRules {
public:
  void on_metadata(const MetadataView& m) override {
    if (m.kind != MetadataKind::help && m.kind != MetadataKind::type) return;
    if (m.kind == MetadataKind::help && m.text.empty()) return;
    Family& family = families_[std::string(m.name)];
    if (m.kind == MetadataKind::help) {
      if (family.helped) fault(m.line, "a second HELP line for " + std::string(m.name));
      family.helped = true;
      return;
    }
    if (family.typed)
      fault(m.line, "a second TYPE line for " + std::string(m.name));
    else if (family.sampled)
      fault(m.line, "the TYPE line of " + std::string(m.name) + " must come before its samples");
    family.typed = true;
    family.type = m.type;
  }

  void on_sample(const SampleView& s) override {
    std::string_view suffix;
    Family& family = family_of(s.name, suffix);
    family.sampled = true;
    const std::string name(s.name);
    const bool histogram = family.type == MetricType::histogram || family.type == MetricType::gaugehistogram;
    if (histogram && suffix == "_bucket") check_number(s, "le");
    if (family.type == MetricType::summary && suffix.empty()) check_number(s, "quantile");
    if (histogram && (suffix == "_bucket" || suffix == "_count") && s.value < 0) fault(s.line, name + " is negative");
  }

private:
  struct Family {
    MetricType type = MetricType::unknown;
    bool helped = false, typed = false, sampled = false;
  };

  Family& family_of(std::string_view name, std::string_view& suffix) {
    for (const std::string_view candidate : {"_bucket", "_count", "_sum", "_gcount", "_gsum"}) {
      if (!name.ends_with(candidate)) continue;
      const auto found = families_.find(std::string(name.substr(0, name.size() - candidate.size())));
      if (found == families_.end()) continue;
      const auto allowed = suffixes_of(found->second.type);
      if (std::find(allowed.begin(), allowed.end(), candidate) == allowed.end()) continue;
      suffix = candidate;
      return found->second;
    }
    return families_[std::string(name)];
  }

  void check_number(const SampleView& s, std::string_view label) {
    const LabelView* found = find_label(s.labels, label);
    double v = 0;
    if (found == nullptr)
      fault(s.line, std::string(s.name) + " needs a label " + std::string(label));
    else if (!parse_number(found->value, v))
      fault(s.line, "the label " + std::string(label) + " of " + std::string(s.name) + " is not a number");
  }

  std::unordered_map<std::string, Family> families_;
};

} // namespace

const LabelView* find_label(std::span<const LabelView> labels, std::string_view name) {
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const LabelView& l) { return l.name == name; });
  return found == labels.end() ? nullptr : &*found;
}

std::unique_ptr<ExpositionRules> ExpositionRules::of(Format format) {
  return format == Format::openmetrics ? detail::make_openmetrics_rules() : detail::make_plain_rules();
}

std::unique_ptr<ExpositionRules> detail::make_plain_rules() { return std::make_unique<PlainRules>(); }

} // namespace backstop
