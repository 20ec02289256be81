#include "collectors/byte_scan.hpp"
#include "collectors/line_reader.hpp"
#include "collectors/name_chars.hpp"
#include "collectors/number.hpp"
#include <cstring>
#include <optional>

/// The half of LineReader that reads lines starting with '#'.
namespace backstop {
namespace {

std::optional<MetricType> type_from(std::string_view word, bool openmetrics) {
  for (const MetricType type : // the frequent ones first
       {MetricType::gauge, MetricType::counter, MetricType::histogram, MetricType::summary, MetricType::unknown,
        MetricType::gaugehistogram, MetricType::info, MetricType::stateset})
    if (word == name_of(type)) return type;
  if (!openmetrics && word == "untyped") return MetricType::unknown;
  if (!openmetrics && word == "gauge_histogram") return MetricType::gaugehistogram;
  return std::nullopt;
}

std::optional<MetadataKind> kind_from(std::string_view word) {
  if (word.size() != 4) return std::nullopt; // so that each comparison is one of machine words
  if (std::memcmp(word.data(), "HELP", 4) == 0) return MetadataKind::help;
  if (std::memcmp(word.data(), "TYPE", 4) == 0) return MetadataKind::type;
  if (std::memcmp(word.data(), "UNIT", 4) == 0) return MetadataKind::unit;
  return std::nullopt;
}

} // namespace

bool LineReader::metadata(std::string_view line, MetadataView& out) {
  out = MetadataView{};
  if (!start(line)) return false;
  return openmetrics_ ? read_strict_metadata(out) : read_plain_metadata(out);
}

bool LineReader::read_metadata_name(MetadataView& out) {
  const char* from = at_;
  if (at_ < end_ && *at_ == '"') {
    if (!read_quoted(out.name)) return false;
    if (out.name.empty()) return fail_at(from, "the metric name is empty");
  } else {
    if (at_ == end_ || !is_name_start(*at_)) return fail("expected a metric name");
    at_ = byte_scan::best::skip_metric_name(at_, end_);
    out.name = {from, static_cast<std::size_t>(at_ - from)};
  }
  if (out.name.size() > limits_.name_bytes) return fail_at(from, "the metric name is longer than allowed");
  return true;
}

bool LineReader::read_plain_metadata(MetadataView& out) {
  ++at_;
  skip_blanks();
  const std::optional<MetadataKind> kind = kind_from(token());
  // UNIT is a comment in 0.0.4, as is a bare HELP or TYPE.
  if (!kind || *kind == MetadataKind::unit || at_ == end_) return true;
  skip_blanks();
  if (at_ == end_) return true;
  out.kind = *kind;
  if (!read_metadata_name(out)) return false;
  if (at_ < end_ && !is_blank(*at_)) return fail("a character that metric names cannot have");
  skip_blanks();
  const char* text_at = at_;
  while (end_ > at_ && is_blank(end_[-1])) --end_;
  out.text = {text_at, static_cast<std::size_t>(end_ - text_at)};
  return check_metadata(out, text_at);
}

bool LineReader::read_strict_metadata(MetadataView& out) {
  const std::string_view line(begin_, static_cast<std::size_t>(end_ - begin_));
  if (line == "# EOF") {
    out.kind = MetadataKind::eof;
    return true;
  }
  if (line.size() < 2 || line[1] != ' ') return fail("expected \"# TYPE\", \"# HELP\", \"# UNIT\" or \"# EOF\"");
  at_ += 2;
  const std::optional<MetadataKind> kind = kind_from(token());
  if (!kind)
    return fail_at(begin_, "expected \"# TYPE\", \"# HELP\", \"# UNIT\" or \"# EOF\"; comments are not allowed");
  out.kind = *kind;
  if (at_ == end_) return fail("expected one space and a metric name");
  ++at_;
  if (!read_metadata_name(out)) return false;
  if (at_ == end_ || *at_ != ' ') return fail("expected one space after the metric name");
  ++at_;
  out.text = {at_, static_cast<std::size_t>(end_ - at_)};
  return check_metadata(out, at_);
}

bool LineReader::check_metadata(MetadataView& out, const char* text_at) {
  if (out.kind == MetadataKind::help) return is_utf8(out.text) || fail_at(text_at, "the help text is not UTF-8");
  if (out.kind == MetadataKind::type) {
    const std::optional<MetricType> type = type_from(out.text, openmetrics_);
    if (!type)
      return fail_at(
          text_at,
          openmetrics_
              ? "unknown type; allowed are counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown"
              : "unknown type; allowed are counter, gauge, histogram, summary, untyped");
    out.type = *type;
    return true;
  }
  const std::string_view unit = out.text;
  if (unit.empty()) return true;
  const bool suffix = out.name.size() > unit.size() + 1 && out.name.substr(out.name.size() - unit.size()) == unit &&
                      out.name[out.name.size() - unit.size() - 1] == '_';
  return suffix || fail_at(text_at, "the metric name must end in '_' and its unit");
}

} // namespace backstop
