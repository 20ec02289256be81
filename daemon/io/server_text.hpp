#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// Text of a database server or its library made fit to be shown: secrets as ***, one line, valid UTF-8, no control
/// characters, bounded.
std::string presentable(std::string_view text, const std::vector<std::string>& secrets);

/// `text` with every byte that is no UTF-8 as '?'.
std::string valid_utf8(std::string_view text);

} // namespace backstop
