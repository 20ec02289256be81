#pragma once
#include "rules/result.hpp"
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace backstop {

/// A JSON document as a plain value. Objects keep the order of their members (record payloads and replay output are
/// byte-stable). Parsing and writing are nlohmann-json's, in json.cpp alone: its header is too heavy for every file.
class Json {
public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default; ///< null
  Json(std::nullptr_t) {}
  Json(bool b) : value_(b) {}
  Json(double d) : value_(d) {}
  Json(std::int64_t i) : value_(i) {}
  Json(int i) : value_(std::int64_t{i}) {}
  Json(unsigned i) : value_(std::int64_t{i}) {}
  /// Above the range of int64 the value becomes a double, as it does when it is parsed.
  Json(std::uint64_t i) {
    if (i <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      value_ = static_cast<std::int64_t>(i);
    else
      value_ = static_cast<double>(i);
  }
  Json(std::string s) : value_(std::move(s)) {}
  Json(std::string_view s) : value_(std::string(s)) {}
  Json(const char* s) : value_(std::string(s)) {}
  Json(Array a) : value_(std::move(a)) {}
  Json(Object o) : value_(std::move(o)) {}
  static Json object() { return Json{Object{}}; }
  static Json array() { return Json{Array{}}; }

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&value_); }
  [[nodiscard]] const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Array* as_array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Object* as_object() const { return std::get_if<Object>(&value_); }
  /// True and the number where the value is an integer or a double.
  [[nodiscard]] bool as_number(double& out) const;

  /// The member of that name, or a null value where this is no object or has no such member.
  [[nodiscard]] const Json& operator[](std::string_view name) const;
  /// Text of a string member, "" where absent or of another type. For the tolerant reader; strict readers use as_string.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] double number(std::string_view name, double otherwise = 0) const;
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t otherwise = 0) const;
  [[nodiscard]] bool flag(std::string_view name) const;

  /// Sets a member, or replaces it in its place; what is no object becomes an empty one first. Returns *this.
  Json& set(std::string_view name, Json value);
  /// Appends an element; what is no array becomes an empty one first. Returns *this.
  Json& push(Json value);

  /// `indent` < 0: one line without spaces. Canonical: equal values give equal bytes, and parse(dump()) gives the value
  /// back. Doubles are the shortest text that reads back the same and always have a '.' or an 'e', so they stay doubles.
  /// NaN and Inf are written as null. Invalid UTF-8 is replaced by U+FFFD.
  [[nodiscard]] std::string dump(int indent = -1) const;
  /// Bounded: at most `max_depth` levels of arrays and objects. A key that comes twice in an object is refused.
  /// Integers outside int64 become doubles. Errors (Errc::invalid, too deep: too_large) read "at byte N: why"; N counts
  /// from 1.
  static Result<Json> parse(std::string_view text, int max_depth = 32);

  bool operator==(const Json&) const = default;

private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
  friend struct JsonCodec;
};

} // namespace backstop
