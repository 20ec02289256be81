#pragma once
#include "collectors/exposition.hpp"
#include "rules/result.hpp"
#include "rules/sample.hpp"
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace re2 {
class RE2;
}

namespace backstop {

/// Which series are wanted: name{label="v", label!="v", label=~"re", label!~"re"}, as Prometheus reads it. The name comes
/// first and is exact. All conditions must hold; a label that is not there has the value "". Regular expressions (RE2)
/// match whole values, and '.' matches a newline too. Values stand in "..." or '...' with Go's escapes (\\ for one
/// backslash), or in `...` with none. Cheap to copy; safe to use from several places at once.
class Selector {
public:
  /// Errors: Errc::invalid "column C: what is wrong, and how to mend it"; columns count bytes from 1.
  static Result<Selector> parse(std::string_view text);

  [[nodiscard]] const std::string& name() const { return parts_->name; }
  [[nodiscard]] const std::string& text() const { return parts_->text; }
  [[nodiscard]] bool matches(std::string_view name, std::span<const LabelView> labels) const {
    return name == parts_->name && matches_labels(labels);
  }
  [[nodiscard]] bool matches_labels(std::span<const LabelView> labels) const;
  /// The same conditions on name + suffix: Selector::parse("h")->with_suffix("_bucket") selects the buckets of h.
  [[nodiscard]] Selector with_suffix(std::string_view suffix) const;

private:
  friend class SelectorParser;
  enum class Operator { equal, not_equal, match, no_match };
  struct Condition {
    std::string label;
    Operator op = Operator::equal;
    std::string value;
    std::shared_ptr<const re2::RE2> regex; ///< of match and no_match
  };
  struct Parts {
    std::string name;
    std::string text;
    std::vector<Condition> conditions;
  };
  explicit Selector(Parts parts) : parts_(std::make_shared<const Parts>(std::move(parts))) {}
  std::shared_ptr<const Parts> parts_; ///< of all copies
};

/// A selector with what its series are used for.
struct CompiledSelector {
  Selector selector;
  SeriesKind kind = SeriesKind::gauge;
  bool buckets = false; ///< its series are buckets of a classic histogram: Sample::le is filled in
};

} // namespace backstop
