#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace backstop::config {

/// A cursor over one quantity's text. Blanks between parts are skipped.
class Scan {
public:
  explicit Scan(std::string_view text);
  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  /// The digits of a decimal number, with a leading '-' and a fraction; with an exponent only where `exponent`.
  std::optional<std::string_view> number(bool exponent = false);
  /// A whole number from `least` to `most`.
  std::optional<int> integer(int least, int most);
  /// The letters at the cursor, "" where there are none.
  std::string_view word();
  /// Moves behind `token` if it stands at the cursor.
  bool take(std::string_view token);

private:
  void skip_blanks();
  std::string_view rest_;
};

/// The double nearest to `digits` times ten to the power of `shift`; infinity where it is too large.
double to_double(std::string_view digits, int shift);

} // namespace backstop::config
