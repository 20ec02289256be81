#pragma once
#include "collectors/exposition.hpp"
#include <memory>
#include <vector>

namespace backstop {

/// Checks what goes over more than one line of an exposition that parses, or depends on the type of a family: what
/// producers must keep to and consumers can live without. For check_metrics() only: it keeps the names of all families
/// and label sets, so its memory grows with the text.
class ExpositionRules : public ExpositionVisitor {
public:
  /// OpenMetrics 1.0: every MUST that can be seen in the text. 0.0.4: what its reference parser insists on.
  static std::unique_ptr<ExpositionRules> of(Format format);

  /// To be called after the last line.
  virtual void finish() {}
  /// In order of lines, the first kMaxFaults of them.
  [[nodiscard]] const std::vector<ExpositionFault>& faults() const { return faults_; }
  static constexpr std::size_t kMaxFaults = 50;

protected:
  void fault(std::size_t line, std::string reason) {
    if (faults_.size() < kMaxFaults) faults_.push_back({line, 1, std::move(reason)});
  }

private:
  std::vector<ExpositionFault> faults_;
};

/// The value of a label, or nothing where it is absent.
const LabelView* find_label(std::span<const LabelView> labels, std::string_view name);

namespace detail {
std::unique_ptr<ExpositionRules> make_plain_rules();
std::unique_ptr<ExpositionRules> make_openmetrics_rules();
} // namespace detail

} // namespace backstop
