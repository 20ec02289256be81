#pragma once
#include <cctype>
#include <string>
#include <system_error>

namespace backstop {

/// What the operating system says about `number`, as the end of a sentence: "connection refused".
inline std::string errno_text(int number) {
  std::string text = std::generic_category().message(number);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

} // namespace backstop
