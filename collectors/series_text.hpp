#pragma once
#include "collectors/exposition.hpp"
#include <span>
#include <string>
#include <string_view>

namespace backstop {

/// name{label="value",...} as OpenMetrics writes it, so that a reader of ours takes it back. Labels in order of their
/// names, so that one series has one text; those without a value are left out. Names that are none of the classic kind
/// stand in quotes.
std::string series_text(std::string_view name, std::span<const LabelView> labels);

/// `value` as it stands between quotes: with \\, \" and \n.
std::string escaped_label_value(std::string_view value);

} // namespace backstop
