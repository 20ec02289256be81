#include "collectors/series_scanner.hpp"
#include "collectors/byte_scan.hpp"
#include "collectors/name_chars.hpp"
#include <algorithm>
#include <cstring>

namespace backstop {
namespace {

std::uint64_t eight_bytes(const char* at) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, 8);
  return bytes;
}

std::uint64_t bit_of(std::uint64_t bytes) { return std::uint64_t{1} << (bytes * 0x9E3779B97F4A7C15U >> 58U); }

} // namespace

SeriesScanner::SeriesScanner(std::vector<std::string> names) : names_(std::move(names)) {
  for (std::uint32_t i = 0; i < names_.size(); ++i) {
    add_ending(i);
    add_families(i);
  }
  const auto first_byte = [&](const Ending& e) { return static_cast<unsigned char>(names_[e.name][0]); };
  std::sort(endings_.begin(), endings_.end(),
            [&](const Ending& a, const Ending& b) { return first_byte(a) < first_byte(b); });
  letters_.emplace_back();
  for (const Ending& e : endings_)
    if (letter_of_[first_byte(e)] == 0) add_letter(first_byte(e));
  const auto size = [](const Family& f) { return std::min(f.name.size(), kSizes - 1); };
  std::stable_sort(families_.begin(), families_.end(),
                   [&](const Family& a, const Family& b) { return size(a) < size(b); });
  for (std::size_t n = 0; n <= kSizes; ++n)
    of_size_[n] = static_cast<std::uint32_t>(
        std::count_if(families_.begin(), families_.end(), [&](const Family& f) { return size(f) < n; }));
}

void SeriesScanner::add_ending(std::uint32_t index) {
  const std::string& name = names_[index];
  const std::size_t n = std::min<std::size_t>(name.size(), 8), offset = name.size() - n;
  Ending ending{0, 0, static_cast<std::uint32_t>(offset), index};
  std::memcpy(&ending.bytes, name.data() + offset, n);
  std::memset(&ending.mask, 0xFF, n);
  endings_.push_back(ending);
  window_ = std::max(window_, offset + 8);
}

void SeriesScanner::add_letter(unsigned char c) {
  const auto is_of = [&](const Ending& e) { return static_cast<unsigned char>(names_[e.name][0]) == c; };
  const auto from = std::find_if(endings_.begin(), endings_.end(), is_of);
  const auto to = std::find_if_not(from, endings_.end(), is_of);
  std::size_t shortest = names_[from->name].size();
  for (auto e = from; e != to; ++e) shortest = std::min(shortest, names_[e->name].size());
  const std::size_t n = std::min<std::size_t>(shortest, 8);
  Letter letter;
  letter.offset = static_cast<std::uint32_t>(shortest - n);
  letter.from = static_cast<std::uint32_t>(from - endings_.begin());
  letter.to = static_cast<std::uint32_t>(to - endings_.begin());
  std::memset(&letter.mask, 0xFF, n);
  for (auto e = from; e != to; ++e) {
    const std::string padded = names_[e->name] + std::string(8, '\0');
    letter.bits |= bit_of(eight_bytes(padded.data() + letter.offset) & letter.mask);
  }
  letter_of_[c] = static_cast<std::uint8_t>(letters_.size()); // 255 letters at most: not every byte begins UTF-8
  letters_.push_back(letter);
}

void SeriesScanner::add_families(std::uint32_t index) {
  const std::string& name = names_[index];
  families_.push_back({name, index, ""});
  for (const std::string_view suffix : {"_total", "_created", "_bucket", "_count", "_sum", "_gcount", "_gsum", "_info"})
    if (name.size() > suffix.size() && name.ends_with(suffix))
      families_.push_back({name.substr(0, name.size() - suffix.size()), index, std::string(suffix)});
}

inline bool SeriesScanner::may_be_wanted(const char* line, std::size_t readable) const {
  if (readable < window_) return true;
  const Letter& letter = letters_[letter_of_[static_cast<unsigned char>(*line)]];
  return (letter.bits & bit_of(eight_bytes(line + letter.offset) & letter.mask)) != 0;
}

bool SeriesScanner::is_named(std::string_view line, std::uint32_t name) const {
  const std::string& wanted = names_[name];
  return line.starts_with(wanted) && (line.size() == wanted.size() || !is_name_char(line[wanted.size()]));
}

int SeriesScanner::find(std::string_view line, std::size_t readable) const {
  const Letter& letter = letters_[letter_of_[static_cast<unsigned char>(line.front())]];
  for (std::size_t i = letter.from; i < letter.to; ++i) {
    const Ending& ending = endings_[i];
    if (readable >= window_ && (eight_bytes(line.data() + ending.offset) & ending.mask) != ending.bytes) continue;
    if (is_named(line, ending.name)) return static_cast<int>(ending.name);
  }
  return -1;
}

bool SeriesScanner::scan_comment(std::string_view line, LinePlace place, LineReader& reader, ScanSink& sink,
                                 ExpositionFault& fault) const {
  // HELP lines are the most frequent ones here and the longest: only a TYPE of a wanted family is worth reading.
  if (line.size() > 7 && std::memcmp(line.data(), "# HELP ", 7) == 0) return true;
  std::size_t i = 1;
  while (i < line.size() && is_blank(line[i])) ++i;
  if (line.substr(i, 4) != "TYPE" || line.size() == i + 4 || !is_blank(line[i + 4])) return true;
  i += 4;
  while (i < line.size() && is_blank(line[i])) ++i;
  const bool quoted = i < line.size() && line[i] == '"';
  const char* name_at = line.data() + i;
  const char* name_end = byte_scan::best::skip_metric_name(name_at, line.data() + line.size());
  const std::string_view name(name_at, static_cast<std::size_t>(name_end - name_at));
  const std::size_t size = std::min(name.size(), kSizes - 1);
  const std::size_t from = quoted ? 0 : of_size_[size], to = quoted ? families_.size() : of_size_[size + 1];
  MetadataView metadata;
  for (std::size_t f = from; f < to; ++f) {
    const Family& family = families_[f];
    if (!quoted && family.name != name) continue;
    if (metadata.name.empty() && !reader.metadata(line, metadata)) {
      fault = {place.number, reader.fault_column() + place.indent, reader.fault_reason()};
      return false;
    }
    if (family.name != metadata.name) continue;
    const auto allowed = suffixes_of(metadata.type);
    const bool exact = family.suffix.empty();
    if (!exact && std::find(allowed.begin(), allowed.end(), family.suffix) == allowed.end()) continue;
    if (!sink.on_type(family.wanted, metadata.type, exact)) return false;
  }
  return true;
}

bool SeriesScanner::scan(std::string_view text, Format format, LineReader& reader, ScanSink& sink,
                         ExpositionFault& fault) const {
  fault = {};
  const char* at = text.data();
  const char* const end = at + text.size();
  std::size_t number = 0;
  while (at < end) {
    ++number;
    const auto left = static_cast<std::size_t>(end - at);
    const auto* newline = static_cast<const char*>(std::memchr(at, '\n', left));
    const char* line_end = newline != nullptr ? newline : end;
    const char* next = newline != nullptr ? newline + 1 : end;
    const char* first = at;
    if (format == Format::prometheus) {
      while (at < line_end && is_blank(*at)) ++at;
    }
    const LinePlace place{number, static_cast<std::size_t>(at - first)};
    if (at == line_end) {
      at = next;
      continue;
    }
    const std::string_view line(at, static_cast<std::size_t>(line_end - at));
    if (*at == '#') {
      if (!scan_comment(line, place, reader, sink, fault)) return false;
    } else if (*at == '{') {
      if (!sink.on_quoted(line, place)) return false;
    } else if (const auto readable = static_cast<std::size_t>(end - at); may_be_wanted(at, readable)) {
      if (const int name = find(line, readable); name >= 0) {
        if (!sink.on_wanted(static_cast<std::uint32_t>(name), line, place)) return false;
        next = sink.read_on(next, end, number);
      }
    }
    at = next;
  }
  if (format == Format::prometheus) return true;
  const bool whole = text == "# EOF" || text == "# EOF\n" || text.ends_with("\n# EOF") || text.ends_with("\n# EOF\n");
  if (!whole) fault = {number, 1, "the text must end with \"# EOF\": it may be cut off here"};
  return whole;
}

} // namespace backstop
