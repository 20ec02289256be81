#include "collectors/line_reader.hpp"
#include "collectors/name_chars.hpp"
#include "collectors/number.hpp"
#include <cmath>

namespace backstop {

bool LineReader::start(std::string_view line) {
  begin_ = at_ = line.data();
  end_ = begin_ + line.size();
  unescaped_.clear();
  fault_column_ = 1;
  if (line.size() > limits_.line_bytes) return fail("the line is longer than allowed");
  return true;
}

bool LineReader::fail(const char* reason) { return fail_at(at_, reason); }

bool LineReader::fail_at(const char* where, const char* reason) {
  fault_column_ = static_cast<std::size_t>(where - begin_) + 1;
  fault_reason_ = reason;
  return false;
}

void LineReader::skip_blanks() {
  while (at_ < end_ && is_blank(*at_)) ++at_;
}

std::string_view LineReader::token() {
  const char* from = at_;
  while (at_ < end_ && *at_ != ' ' && (openmetrics_ || *at_ != '\t')) ++at_;
  return {from, static_cast<std::size_t>(at_ - from)};
}

bool LineReader::sample(std::string_view line, SampleView& out) {
  return start(line) && read_series(out) && read_tail(out);
}

bool LineReader::series(std::string_view line, SampleView& out) { return start(line) && read_series(out); }

bool LineReader::tail(std::string_view line, std::size_t from, SampleView& out) {
  if (!start(line)) return false;
  at_ = begin_ + from;
  return read_tail(out);
}

bool LineReader::read_series(SampleView& out) {
  labels_.clear();
  out.trailing_comma = false;
  out.name = {};
  if (at_ == end_) return fail("a blank line is not allowed here");
  if (is_name_start(*at_)) {
    while (at_ < end_ && is_name_char(*at_)) ++at_;
    out.name = {begin_, static_cast<std::size_t>(at_ - begin_)};
    if (out.name.size() > limits_.name_bytes) return fail_at(begin_, "the metric name is longer than allowed");
  } else if (*at_ != '{') {
    return fail("a metric name must start with a letter, '_' or ':'");
  }
  const char* end = at_;
  if (!openmetrics_) skip_blanks();
  if (at_ < end_ && *at_ == '{') {
    const char* brace = at_;
    if (!read_labels(labels_, &out.name, out.trailing_comma)) return false;
    if (out.name.empty()) return fail_at(brace, "the sample has no metric name");
    end = at_;
    if (labels_.size() > 1 && !check_labels(labels_, brace)) return false;
    if (labels_.size() == 1 && labels_.front().name == "__name__")
      return fail_at(brace, "the label name __name__ is reserved");
  } else {
    at_ = end;
  }
  out.series = {begin_, static_cast<std::size_t>(end - begin_)};
  out.labels = labels_;
  return true;
}

bool LineReader::check_labels(const std::vector<LabelView>& labels, const char* where) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].name == "__name__") return fail_at(where, "the label name __name__ is reserved");
    for (std::size_t j = 0; j < i; ++j)
      if (labels[i].name == labels[j].name) return fail_at(where, "a label name is used twice");
  }
  return true;
}

bool LineReader::read_labels(std::vector<LabelView>& labels, std::string_view* name, bool& trailing_comma) {
  ++at_;
  if (!openmetrics_) skip_blanks();
  while (at_ < end_ && *at_ != '}') {
    if (labels.size() == limits_.labels) return fail("more labels than allowed");
    if (!read_label(labels, name)) return false;
    if (!openmetrics_) skip_blanks();
    if (at_ == end_) break;
    if (*at_ == '}') break;
    if (*at_ != ',') return fail("expected ',' or '}' after a label value");
    ++at_;
    skip_blanks(); // OpenMetrics allows none here; both of its wide-spread parsers do
    trailing_comma = at_ < end_ && *at_ == '}';
  }
  if (at_ == end_) return fail("the labels have no closing '}'");
  ++at_;
  return true;
}

bool LineReader::read_label(std::vector<LabelView>& labels, std::string_view* name) {
  LabelView label;
  const char* from = at_;
  if (*at_ == '"') {
    if (!read_quoted(label.name)) return false;
    if (!openmetrics_) skip_blanks();
    if (at_ < end_ && (*at_ == ',' || *at_ == '}')) { // {"metric.name", ...}
      if (name == nullptr || !name->empty()) return fail_at(from, "a second metric name, or a label without '='");
      if (label.name.empty()) return fail_at(from, "the metric name is empty");
      *name = label.name;
      return true;
    }
    if (label.name.empty()) return fail_at(from, "the label name is empty");
  } else {
    if (!is_label_start(*at_)) return fail("a label name must start with a letter or '_'");
    while (at_ < end_ && is_label_char(*at_)) ++at_;
    label.name = {from, static_cast<std::size_t>(at_ - from)};
  }
  if (label.name.size() > limits_.name_bytes) return fail_at(from, "the label name is longer than allowed");
  if (!openmetrics_) skip_blanks();
  if (at_ == end_ || *at_ != '=') return fail("expected '=' after a label name");
  ++at_;
  if (!openmetrics_) skip_blanks();
  if (at_ == end_ || *at_ != '"') return fail("expected '\"' before a label value");
  if (!read_quoted(label.value)) return false;
  labels.push_back(label);
  return true;
}

bool LineReader::read_quoted(std::string_view& out) {
  const char* quote = at_++;
  bool escaped = false;
  unsigned char seen = 0;
  for (; at_ < end_ && *at_ != '"'; ++at_) {
    if (*at_ == '\\') {
      escaped = true;
      if (++at_ == end_) break;
    }
    seen |= static_cast<unsigned char>(*at_);
  }
  if (at_ == end_) return fail_at(quote, "no closing '\"' on this line");
  const std::string_view raw(quote + 1, static_cast<std::size_t>(at_ - quote - 1));
  ++at_;
  if (seen >= 0x80 && !is_utf8(raw)) return fail_at(quote, "the text in quotes is not UTF-8");
  out = escaped ? unescape(raw) : raw;
  return true;
}

std::string_view LineReader::unescape(std::string_view raw) {
  const auto line_size = static_cast<std::size_t>(end_ - begin_);
  if (unescaped_.capacity() < line_size) unescaped_.reserve(line_size); // only ever before the first view of this line
  const std::size_t from = unescaped_.size();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      unescaped_.push_back(raw[i]);
      continue;
    }
    const char c = raw[++i];
    if (c == 'n')
      unescaped_.push_back('\n');
    else if (c == '\\' || c == '"')
      unescaped_.push_back(c);
    else
      unescaped_.append({'\\', c}); // an unknown escape stands for itself
  }
  return std::string_view(unescaped_).substr(from);
}

bool LineReader::read_tail(SampleView& out) {
  out.has_timestamp = out.has_exemplar = false;
  out.exemplar_labels = {};
  return openmetrics_ ? read_strict_tail(out) : read_plain_tail(out);
}

bool LineReader::read_value(double& out) {
  const char* from = at_;
  const std::string_view text = token();
  if (text.empty()) return fail_at(from, "expected a value");
  if (parse_number(text, out)) return true;
  if (text.back() == '\r') return fail_at(end_ - 1, "the line ends in CR LF; only LF is allowed");
  return fail_at(from, "the value is not a number");
}

bool LineReader::read_plain_tail(SampleView& out) {
  if (at_ < end_ && !is_blank(*at_) && at_[-1] != '}') return fail("expected a blank or '{' after the metric name");
  skip_blanks();
  if (!read_value(out.value)) return false;
  skip_blanks();
  if (at_ == end_) return true;
  const char* from = at_;
  std::int64_t milliseconds = 0;
  if (!parse_integer(token(), milliseconds))
    return fail_at(from, "the timestamp is not a whole number of milliseconds");
  out.has_timestamp = true;
  out.timestamp = static_cast<double>(milliseconds) / 1000.0;
  skip_blanks();
  return at_ == end_ || fail("unexpected text after the timestamp");
}

bool LineReader::read_seconds(double& out) {
  const char* from = at_;
  if (parse_number(token(), out) && std::isfinite(out)) return true;
  return fail_at(from, "the timestamp is not a number of seconds");
}

bool LineReader::read_strict_tail(SampleView& out) {
  if (at_ == end_ || *at_ != ' ') return fail("expected one space and a value after the series");
  ++at_;
  if (!read_value(out.value)) return false;
  if (at_ == end_) return true;
  ++at_;
  if (at_ < end_ && *at_ == '#') return read_exemplar(out);
  out.has_timestamp = true;
  if (!read_seconds(out.timestamp)) return false;
  if (at_ == end_) return true;
  ++at_;
  if (at_ < end_ && *at_ == '#') return read_exemplar(out);
  return fail("unexpected text after the timestamp");
}

bool LineReader::read_exemplar(SampleView& out) {
  const char* hash = at_;
  if (end_ - at_ < 3 || at_[1] != ' ' || at_[2] != '{') return fail("expected \" # {\" before an exemplar");
  at_ += 2;
  exemplar_labels_.clear();
  bool trailing_comma = false;
  if (!read_labels(exemplar_labels_, nullptr, trailing_comma) || !check_labels(exemplar_labels_, hash)) return false;
  if (at_ == end_ || *at_ != ' ') return fail("expected one space and a value after the labels of an exemplar");
  ++at_;
  double value = 0;
  if (!read_value(value)) return false;
  if (at_ < end_) {
    ++at_;
    if (!read_seconds(value)) return false;
    if (at_ < end_) return fail("unexpected text after the timestamp of an exemplar");
  }
  out.has_exemplar = true;
  out.exemplar_labels = exemplar_labels_;
  out.trailing_comma = out.trailing_comma || trailing_comma;
  return true;
}

} // namespace backstop
