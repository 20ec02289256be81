#include "collectors/quick_reader.hpp"
#include "collectors/byte_scan.hpp"
#include "collectors/number.hpp"
#include <algorithm>

namespace backstop {
namespace {

std::string_view view(const char* from, const char* to) { return {from, static_cast<std::size_t>(to - from)}; }

/// Two names with different bits are different.
std::uint64_t bit_of(std::string_view name) {
  const auto first = static_cast<unsigned char>(name.front()), last = static_cast<unsigned char>(name.back());
  return std::uint64_t{1} << ((name.size() * 11 + std::uint64_t{first} * 5 + last) % 64);
}

} // namespace

bool QuickReader::is_name_taken(std::string_view name) const {
  return std::any_of(labels_.begin(), labels_.end(), [&](const LabelView& label) { return label.name == name; });
}

const char* QuickReader::read_name(const char* at) {
  if (!is_name_start(*at)) return nullptr;
  const char* name_end = byte_scan::best::skip_metric_name(at, end_);
  name_ = view(at, name_end);
  return name_.size() > limits_.name_bytes ? nullptr : name_end;
}

/// From the beginning of a label of the line at `line` to behind the '}'.
const char* QuickReader::read_labels(const char* line, const char* at, std::uint64_t names) {
  for (;;) {
    if (at == end_ || !is_label_start(*at) || labels_.size() == limits_.labels) return nullptr;
    starts_.push_back({static_cast<std::size_t>(at - line), names});
    const char* name_end = byte_scan::best::skip_label_name(at, end_);
    const std::string_view name = view(at, name_end);
    if (name.size() > limits_.name_bytes || name == "__name__") return nullptr;
    const std::uint64_t bit = bit_of(name);
    if ((names & bit) != 0 && is_name_taken(name)) return nullptr;
    names |= bit;
    if (end_ - name_end < 2 || name_end[0] != '=' || name_end[1] != '"') return nullptr;
    const char* value = name_end + 2;
    const char* quote = byte_scan::best::find_quote(value, end_);
    const bool ascii = quote == end_ || static_cast<unsigned char>(*quote) < 0x80;
    while (quote < end_ && static_cast<unsigned char>(*quote) >= 0x80)
      quote = byte_scan::best::find_quote(quote + 1, end_);
    if (end_ - quote < 2 || *quote != '"') return nullptr;
    labels_.push_back({name, view(value, quote)});
    if (!ascii && !is_utf8(labels_.back().value)) return nullptr;
    at = quote + 2;
    if (quote[1] == '}') return at;
    if (quote[1] != ',') return nullptr;
  }
}

QuickReader::Outcome QuickReader::sample(const char* line, SampleView& out) {
  const std::size_t same =
      byte_scan::best::common_prefix(line, last_, std::min(last_size_, static_cast<std::size_t>(end_ - line)));
  std::size_t known = starts_.size(); // labels, by the start of the one behind them
  while (known > 0 && starts_[known - 1].offset > same) --known;
  last_size_ = 0; // until all is read
  same_name_ = known > 0;
  const char* at = nullptr;
  if (known > 0) {
    const Start start = starts_[--known];
    labels_.resize(known);
    starts_.resize(known);
    at = read_labels(line, line + start.offset, start.names);
  } else {
    labels_.clear();
    starts_.clear();
    at = read_name(line);
    if (at != nullptr && at != end_ && *at == '{') at = read_labels(line, at + 1, 0);
  }
  if (at == nullptr) return Outcome::unusual;
  last_ = line;
  last_size_ = static_cast<std::size_t>(at - line);
  if (last_size_ > limits_.line_bytes) {
    last_size_ = 0;
    return Outcome::unusual;
  }
  out.series = view(line, at);
  out.name = name_;
  out.labels = labels_;
  out.trailing_comma = false;
  const Outcome otherwise = labels_.empty() ? Outcome::unusual : Outcome::series;
  if (at == end_ || *at != ' ') return otherwise;
  const char* value_end = read_short_number(at + 1, end_, out.value);
  if (value_end == nullptr || value_end == end_ || *value_end != '\n') return otherwise;
  if (static_cast<std::size_t>(value_end - line) > limits_.line_bytes) return otherwise;
  out.has_timestamp = out.has_exemplar = false;
  out.exemplar_labels = {};
  next_ = value_end + 1;
  return Outcome::sample;
}

} // namespace backstop
