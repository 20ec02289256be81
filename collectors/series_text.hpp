#pragma once
#include "collectors/exposition.hpp"
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// Writes name{label="value",...} into `text` as OpenMetrics has it, so that a reader of ours takes it back. Labels in order
/// of their names, those without a value left out: one series has one text, and no two have the same. Names that are none
/// of the classic kind stand in quotes. `labels` is put into that order. What was in `text` is replaced.
void write_series_text(std::string& text, std::string_view name, std::vector<LabelView>& labels);

/// `value` as it stands between quotes: with \\, \" and \n.
std::string escaped_label_value(std::string_view value);

} // namespace backstop
