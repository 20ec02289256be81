#include "collectors/plugin_output.hpp"
#include "collectors/number.hpp"
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

namespace backstop {
namespace {

constexpr std::size_t kMostText = 200;
constexpr std::size_t kMostShown = 60;
constexpr std::string_view kBlanks = " \t\r\n\f\v";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// At most `most` bytes fit to be shown: '?' for what is no printable character.
std::string shown(std::string_view text, std::size_t most) {
  const bool cut = text.size() > most;
  text = text.substr(0, most);
  // The cut may have gone through a character: its rest is no text.
  for (int i = 0; cut && i < 4 && !text.empty() && !is_utf8(text); ++i) text.remove_suffix(1);
  std::string out(text);
  const bool readable = is_utf8(out);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !readable)) c = '?';
  }
  return out;
}

/// The next piece of the performance data: up to a blank that is not between the quotes of its label.
std::string_view take_piece(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
  std::size_t label = 0;
  if (!rest.empty() && rest[0] == '\'') {
    std::size_t at = rest.find('\'', 1);
    while (at != std::string_view::npos && at + 1 < rest.size() && rest[at + 1] == '\'') at = rest.find('\'', at + 2);
    // A quote that is never closed must not swallow all that follows.
    if (at != std::string_view::npos) label = at;
  }
  const std::string_view piece = rest.substr(0, rest.find_first_of(kBlanks, label));
  rest.remove_prefix(piece.size());
  return piece;
}

/// Takes the label and its '=' off the piece.
std::optional<std::string> take_label(std::string_view& piece) {
  std::string label;
  std::size_t at = 0;
  if (!piece.empty() && piece[0] == '\'') {
    for (at = 1; at < piece.size(); ++at) {
      if (piece[at] == '\'') {
        if (at + 1 >= piece.size() || piece[at + 1] != '\'') break;
        ++at;
      }
      label += piece[at];
    }
    ++at;
  } else {
    at = std::min(piece.find('='), piece.size());
    label = piece.substr(0, at);
    if (label.find('\'') != std::string::npos) return std::nullopt;
  }
  if (at >= piece.size() || piece[at] != '=' || label.empty() || !is_utf8(label)) return std::nullopt;
  piece.remove_prefix(at + 1);
  return label;
}

/// The number at the front of `text`: its length, 0 where there is none. The 'e' of a unit is no exponent.
std::size_t number_length(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  std::size_t seen = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    seen += digits();
  }
  if (seen == 0) return 0;
  const std::size_t mantissa = at;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) at = mantissa;
  }
  return at;
}

/// Times what a value in this unit is in the base unit. "kB": 1000, "MiB": 1024 * 1024.
std::optional<double> bytes_in(std::string_view unit) {
  constexpr std::string_view prefixes = "KMGTPE";
  if (unit == "B") return 1;
  if (unit.size() < 2 || unit.size() > 3 || unit.back() != 'B' || (unit.size() == 3 && unit[1] != 'i'))
    return std::nullopt;
  const std::size_t power = prefixes.find(unit[0] == 'k' ? 'K' : unit[0]);
  if (power == std::string_view::npos) return std::nullopt;
  constexpr double kBinary = 1024;
  constexpr double kDecimal = 1000;
  return std::pow(unit.size() == 3 ? kBinary : kDecimal, static_cast<double>(power + 1));
}

/// What to divide by: 1 ms is exactly what 0.001 is read as, which 1 * 0.001 need not be for other values.
std::optional<double> parts_of_second(std::string_view unit) {
  if (unit == "s") return 1;
  if (unit == "ms") return 1e3;
  if (unit == "us") return 1e6;
  if (unit == "ns") return 1e9;
  return std::nullopt;
}

bool may_be_unit(std::string_view unit) {
  return std::none_of(unit.begin(), unit.end(),
                      [](char c) { return is_digit(c) || c == '.' || c == ',' || c == '\''; });
}

struct Value {
  double value = 0;
  bool counter = false;
};

/// `text`: "12.5ms". None: it is no value.
std::optional<Value> read_value(std::string_view text) {
  const std::size_t length = number_length(text);
  const std::string_view unit = text.substr(length);
  Value out;
  if (length == 0 || !parse_number(text.substr(0, length), out.value) || !may_be_unit(unit)) return std::nullopt;
  out.counter = unit == "c";
  if (const auto bytes = bytes_in(unit)) out.value *= *bytes;
  if (const auto parts = parts_of_second(unit)) out.value /= *parts;
  if (!std::isfinite(out.value)) return std::nullopt;
  return out;
}

class Reader {
public:
  void take_data(std::string_view data) {
    while (!(data = trimmed(data)).empty()) take(take_piece(data));
  }
  PluginOutput out;

private:
  void take(std::string_view piece) {
    std::string_view rest = piece;
    std::optional<std::string> label = take_label(rest);
    const std::string_view written = rest.substr(0, rest.find(';'));
    if (label && written == "U") return;
    const auto value = label ? read_value(written) : std::nullopt;
    if (!value) return leave_out(piece);
    if (!seen_.insert(*label).second) return leave_out(piece);
    out.samples.push_back(
        {value->counter ? "plugin_perfdata_total" : "plugin_perfdata", {{"label", *std::move(label)}}, value->value});
  }
  void leave_out(std::string_view piece) {
    if (out.left_out++ == 0) out.first_left_out = shown(piece, kMostShown);
  }
  std::set<std::string> seen_;
};

} // namespace

PluginOutput read_plugin_output(std::string_view output) {
  Reader reader;
  const std::string_view first = output.substr(0, output.find('\n'));
  const std::size_t bar = first.find('|');
  reader.out.text = shown(trimmed(first.substr(0, bar)), kMostText);
  if (bar != std::string_view::npos) reader.take_data(first.substr(bar + 1));
  output.remove_prefix(std::min(first.size() + 1, output.size()));
  if (const std::size_t more = output.find('|'); more != std::string_view::npos)
    reader.take_data(output.substr(more + 1));
  return std::move(reader.out);
}

} // namespace backstop
