#pragma once
#include "daemon/metric_names.hpp"
#include <array>
#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace backstop {

/// A family of gauges, or of counters that are kept elsewhere, as text exposition 0.0.4. What is known anew for each page is not
/// kept between two: for a thousand services the labels alone would be megabytes. Empty until something is added.
class FamilyText {
public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit FamilyText(const metrics::MetricName& name, const char* type = "gauge") : name_(name), type_(type) {}
  /// `labels`: at least one.
  void add(Labels labels, double value) {
    if (text_.empty())
      text_ = std::string("# HELP ") + name_.name + " " + name_.help + "\n# TYPE " + name_.name + " " + type_ + "\n";
    text_ += name_.name;
    char before = '{';
    for (const auto& [label, is] : labels) {
      text_.append(1, std::exchange(before, ',')).append(label).append("=\"");
      for (const char c : is) {
        if (c == '\\' || c == '"') text_ += '\\';
        c == '\n' ? text_ += "\\n" : text_ += c;
      }
      text_ += '"';
    }
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    text_.append("} ").append(digits.data(), error == std::errc{} ? end : digits.data()).append("\n");
  }
  [[nodiscard]] const std::string& text() const { return text_; }

private:
  const metrics::MetricName& name_;
  const char* type_;
  std::string text_;
};

} // namespace backstop
