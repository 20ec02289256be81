#include "daemon/ruletest/notation.hpp"
#include "daemon/config/text_check.hpp"
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace backstop::ruletest {
namespace {

constexpr const char* kForms = "write a value (5), a+bxN (0+20x40), axN (5x40), +bxN, _xN, stale or failxN";

/// One word, read from the left.
class Word {
public:
  explicit Word(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  bool eat(std::string_view start) {
    if (rest_.substr(0, start.size()) != start) return false;
    rest_.remove_prefix(start.size());
    return true;
  }
  /// A number without a sign before it.
  std::optional<double> number() {
    if (eat("NaN")) return std::numeric_limits<double>::quiet_NaN();
    if (eat("Inf")) return std::numeric_limits<double>::infinity();
    if (rest_.empty() || !(rest_.front() == '.' || (rest_.front() >= '0' && rest_.front() <= '9'))) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{}) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  /// "xN", which must be all that is left.
  std::optional<std::size_t> times() {
    std::size_t n = 0;
    if (!eat("x")) return std::nullopt;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), n);
    if (error != std::errc{} || end != rest_.data() + rest_.size()) return std::nullopt;
    rest_ = {};
    return n;
  }

private:
  std::string_view rest_;
};

/// Takes the words of one series in.
class Reader {
public:
  explicit Reader(Values& values) : values_(values) {}

  bool word(std::string_view text) {
    values_.gone = false;
    if (text == "stale") {
      values_.gone = true;
      return add({Slot::Kind::absent, 0}, 1);
    }
    Word word(text);
    if (word.eat("_")) return gap(word, Slot::Kind::absent);
    if (word.eat("fail")) return gap(word, Slot::Kind::failed);
    if (word.eat("+")) return go_on(word);
    return numbers(word, word.eat("-") ? -1 : 1);
  }
  std::string what, how;

private:
  bool wrong(std::string_view why, std::string_view mend = kForms) {
    what = why;
    how = mend;
    return false;
  }
  bool add(Slot slot, std::size_t n) {
    if (n > kMostSlots - values_.slots.size())
      return wrong("more than " + std::to_string(kMostSlots) + " values",
                   "make the test shorter, or its interval longer");
    values_.slots.insert(values_.slots.end(), n, slot);
    return true;
  }
  bool gap(Word& word, Slot::Kind kind) {
    if (word.empty()) return add({kind, 0}, 1);
    const auto n = word.times();
    if (!n) return wrong("it is not understood");
    return add({kind, 0}, *n);
  }
  bool steps(double from, double step, std::size_t first, std::size_t last) {
    if (last >= kMostSlots) return add({}, last);
    for (std::size_t i = first; i <= last; ++i) {
      if (!add({Slot::Kind::value, step == 0 ? from : from + step * static_cast<double>(i)}, 1)) return false;
    }
    newest_ = values_.slots.back().value;
    return true;
  }
  bool go_on(Word& word) {
    const auto step = word.number();
    const auto n = step ? word.times() : std::nullopt;
    if (!n || *n == 0)
      return wrong("it is not understood", "write +bxN to go on from the value before it, or the value alone");
    if (!newest_) return wrong("there is no value before it to go on from", "begin with a value, as in 0+20x40");
    return steps(*newest_, *step, 1, *n);
  }
  bool numbers(Word& word, double sign) {
    const auto from = word.number();
    if (!from) return wrong("it is not understood");
    double step = 0;
    if (word.empty()) return steps(sign * *from, 0, 0, 0);
    const bool more = word.eat("+"), less = !more && word.eat("-");
    if (more || less) {
      const auto number = word.number();
      if (!number) return wrong("it is not understood");
      step = less ? -*number : *number;
    }
    const auto n = word.times();
    if (!n) return wrong(more || less ? "how often is missing" : "it is not understood");
    return steps(sign * *from, step, 0, *n);
  }

  Values& values_;
  std::optional<double> newest_;
};

} // namespace

bool read_values(std::string_view text, Values& values, NotationFault& fault) {
  constexpr std::string_view kSpace = " \t\r\n";
  values = {};
  Reader reader(values);
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    if (!reader.word(text.substr(at, end - at))) {
      fault = {at, "\"" + config::shortened(text.substr(at, end - at)) + "\": " + reader.what, reader.how};
      return false;
    }
    at = text.find_first_not_of(kSpace, end);
  }
  if (!values.slots.empty()) return true;
  fault = {0, "there is no value in it", kForms};
  return false;
}

} // namespace backstop::ruletest
