#pragma once
#include "daemon/config/mapping.hpp"
#include "rules/time.hpp"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::ruletest {

/// One mapping of a file of tests: refuses keys that it does not know and keys written twice. config::Mapping reads
/// those of the configuration alone, whose keys are held against its documents.
class Fields {
public:
  Fields(config::Sheet& sheet, const config::Node& node, std::string label, const std::vector<std::string_view>& keys);

  [[nodiscard]] bool ok() const { return ok_; }
  /// Null where it is not written.
  [[nodiscard]] const config::Node* find(std::string_view key) const;
  /// The same, and a fault where it is not written.
  [[nodiscard]] const config::Node* need(std::string_view key, std::string_view example) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  /// From 0 on. Nothing where it is not written, or faulty.
  [[nodiscard]] std::optional<Duration> duration(std::string_view key) const;

private:
  config::Sheet& sheet_;
  const config::Node& node_;
  std::string label_;
  bool ok_ = false;
};

/// The place in `text` that is `offset` bytes into the scalar `node`; that of `node` where it is not written as it is read.
config::Place place_within(std::string_view text, const config::Node& node, std::size_t offset);

} // namespace backstop::ruletest
