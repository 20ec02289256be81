#include "collectors/selector.hpp"
#include "collectors/name_chars.hpp"
#include "collectors/number.hpp"
#include <algorithm>
#include <optional>
#include <re2/re2.h>
#include <unordered_map>

namespace backstop {
namespace {

constexpr std::size_t kMaxText = 4096;
constexpr std::int64_t kRegexMemory = 1 << 20; // bytes; a program that needs more is refused

/// UTF-8 of a code point below 0x110000.
void append_utf8(std::string& out, std::uint32_t point) {
  const auto byte = [&](std::uint32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xC0 | point >> 6U);
  } else {
    if (point < 0x10000) {
      byte(0xE0 | point >> 12U);
    } else {
      byte(0xF0 | point >> 18U);
      byte(0x80 | (point >> 12U & 0x3FU));
    }
    byte(0x80 | (point >> 6U & 0x3FU));
  }
  byte(0x80 | (point & 0x3FU));
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Services of a fleet have the same few expressions, which cost more to compile and to hold than all else of a selector:
/// one that somebody holds already is that one. What nobody holds any more is let go now and then.
std::shared_ptr<const re2::RE2> regex_of(const std::string& text) {
  thread_local std::unordered_map<std::string, std::weak_ptr<const re2::RE2>> known;
  thread_local std::size_t most = 64;
  std::weak_ptr<const re2::RE2>& one = known[text];
  if (std::shared_ptr<const re2::RE2> held = one.lock()) return held;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(kRegexMemory);
  auto made = std::make_shared<const re2::RE2>(text, options);
  one = made;
  if (known.size() > most) {
    std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
    most = std::max<std::size_t>(64, known.size() * 2);
  }
  return made;
}

} // namespace

class SelectorParser {
public:
  explicit SelectorParser(std::string_view text) : text_(text) {}

  Result<Selector> run() {
    out_.text = text_;
    if (text_.size() > kMaxText) return fail_at(0, "a selector has at most " + std::to_string(kMaxText) + " bytes");
    if (!read_all()) return error_;
    return Selector(std::move(out_));
  }

private:
  Error fail_at(std::size_t at, std::string why) {
    return Error{Errc::invalid, "column " + std::to_string(at + 1) + ": " + std::move(why)};
  }
  bool fail(std::size_t at, std::string why) {
    error_ = fail_at(at, std::move(why));
    return false;
  }
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char here() const { return at_end() ? '\0' : text_[at_]; }
  void skip_space() {
    while (!at_end() && (is_blank(here()) || here() == '\n' || here() == '\r')) ++at_;
  }

  bool read_all() {
    skip_space();
    const std::size_t from = at_;
    if (is_name_start(here())) {
      while (!at_end() && is_name_char(here())) ++at_;
      out_.name = text_.substr(from, at_ - from);
    } else if (here() != '{') {
      return fail(at_, "expected a metric name, as in http_requests_total{code=\"500\"}");
    }
    skip_space();
    if (here() == '{' && !read_conditions()) return false;
    if (out_.name.empty()) return fail(from, "write the metric name before '{'");
    skip_space();
    if (at_end()) return true;
    if (here() == '[' || here() == '(' || text_.substr(at_).starts_with("offset"))
      return fail(at_,
                  "only a plain selector is possible here, no range and no function; `window` is a key of its own");
    if (here() == '.' || here() == '-')
      return fail(at_, "a metric name with '.' or '-' goes into the braces: {\"my.metric\"}");
    return fail(at_, "unexpected text after the selector");
  }

  bool read_conditions() {
    ++at_;
    skip_space();
    while (here() != '}') {
      if (!read_condition()) return false;
      skip_space();
      if (here() == '}') break;
      if (here() != ',') return fail(at_, at_end() ? "'}' is missing" : "expected ',' or '}' after a value");
      ++at_;
      skip_space();
    }
    ++at_;
    return true;
  }

  bool read_condition() {
    const std::size_t from = at_;
    Selector::Condition condition;
    if (here() == '"' || here() == '\'' || here() == '`') {
      if (!read_string(condition.label)) return false;
      skip_space();
      if (here() == ',' || here() == '}') return take_quoted_name(from, std::move(condition.label));
    } else {
      if (at_end()) return fail(at_, "'}' is missing");
      if (!is_label_start(here())) return fail(at_, "expected a label name");
      while (!at_end() && is_label_char(here())) ++at_;
      condition.label = text_.substr(from, at_ - from);
    }
    if (condition.label == "__name__") return fail(from, "write the metric name before '{' instead of __name__");
    skip_space();
    if (!read_operator(condition.op)) return false;
    skip_space();
    const std::size_t value_at = at_;
    if (here() != '"' && here() != '\'' && here() != '`')
      return fail(at_, "put the value of " + condition.label + " in quotes");
    if (!read_string(condition.value)) return false;
    const bool regex = condition.op == Selector::Operator::match || condition.op == Selector::Operator::no_match;
    if (regex && !compile(condition, value_at)) return false;
    out_.conditions.push_back(std::move(condition));
    return true;
  }

  bool take_quoted_name(std::size_t from, std::string name) {
    if (!out_.name.empty())
      return fail(from, "the selector has a name already; a label needs =, !=, =~ or !~ and a value");
    if (name.empty()) return fail(from, "the metric name is empty");
    out_.name = std::move(name);
    return true;
  }

  bool read_operator(Selector::Operator& op) {
    const std::string_view two = text_.substr(at_, 2);
    if (two == "==") return fail(at_, "write = for equal");
    if (two == "!=")
      op = Selector::Operator::not_equal;
    else if (two == "=~")
      op = Selector::Operator::match;
    else if (two == "!~")
      op = Selector::Operator::no_match;
    else if (here() == '=')
      op = Selector::Operator::equal;
    else
      return fail(at_, "expected =, !=, =~ or !~ after a label name");
    at_ += op == Selector::Operator::equal ? 1 : 2;
    return true;
  }

  bool read_string(std::string& out) {
    const std::size_t from = at_;
    const char quote = text_[at_++];
    while (!at_end() && here() != quote) {
      if (here() == '\\' && quote != '`') {
        if (!read_escape(quote, out)) return false;
      } else {
        out.push_back(text_[at_++]);
      }
    }
    if (at_end()) return fail(from, std::string("the closing ") + quote + " is missing");
    ++at_;
    return is_utf8(out) || fail(from, "the text is not UTF-8");
  }

  bool read_escape(char quote, std::string& out) {
    const std::size_t from = at_++;
    const char c = here();
    static constexpr std::string_view kNamed = "abfnrtv\\";
    static constexpr std::string_view kMeaning = "\a\b\f\n\r\t\v\\";
    if (const std::size_t i = kNamed.find(c); i != std::string_view::npos && !at_end()) {
      out.push_back(kMeaning[i]);
      ++at_;
      return true;
    }
    if (c == quote) {
      out.push_back(text_[at_++]);
      return true;
    }
    if (c == 'x') return read_hex(from, 2, false, out);
    if (c == 'u') return read_hex(from, 4, true, out);
    if (c == 'U') return read_hex(from, 8, true, out);
    return fail(from, std::string("unknown escape \\") + (at_end() ? "" : std::string(1, c)) +
                          ": write \\\\ for a backslash, or put the value in `backquotes`");
  }

  bool read_hex(std::size_t from, std::size_t digits, bool point, std::string& out) {
    ++at_;
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at_) {
      const int digit = hex_value(here());
      if (digit < 0) return fail(from, "this escape needs " + std::to_string(digits) + " hex digits");
      v = v << 4U | static_cast<std::uint32_t>(digit);
    }
    if (point && (v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))) return fail(from, "this escape is no character");
    if (point)
      append_utf8(out, v);
    else
      out.push_back(static_cast<char>(v));
    return true;
  }

  bool compile(Selector::Condition& condition, std::size_t value_at) {
    auto regex = regex_of(condition.value);
    if (!regex->ok()) {
      std::string why = "\"" + condition.value + "\" is not a regular expression (RE2 syntax): " + regex->error();
      if (!condition.value.empty() && (condition.value[0] == '*' || condition.value[0] == '?'))
        why += "; write .* for anything";
      return fail(value_at, std::move(why));
    }
    condition.regex = std::move(regex);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Selector::Parts out_;
  Error error_;
};

Result<Selector> Selector::parse(std::string_view text) { return SelectorParser(text).run(); }

bool Selector::matches_labels(std::span<const LabelView> labels) const {
  for (const Condition& condition : parts_->conditions) {
    std::string_view value;
    for (const LabelView& label : labels) {
      if (label.name != condition.label) continue;
      value = label.value;
      break;
    }
    bool holds = false;
    switch (condition.op) {
    case Operator::equal: holds = value == condition.value; break;
    case Operator::not_equal: holds = value != condition.value; break;
    case Operator::match: holds = re2::RE2::FullMatch({value.data(), value.size()}, *condition.regex); break;
    case Operator::no_match: holds = !re2::RE2::FullMatch({value.data(), value.size()}, *condition.regex); break;
    }
    if (!holds) return false;
  }
  return true;
}

Selector Selector::with_suffix(std::string_view suffix) const {
  Parts other = *parts_;
  other.name += suffix;
  const std::size_t name_at = other.text.find(name());
  other.text.insert(name_at == std::string::npos ? other.text.size() : name_at + name().size(), suffix);
  return Selector(std::move(other));
}

} // namespace backstop
