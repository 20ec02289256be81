#include "collectors/series_scanner.hpp"
#include "collectors/name_chars.hpp"
#include <algorithm>
#include <cstring>

namespace backstop {

SeriesScanner::SeriesScanner(std::vector<std::string> names) : names_(std::move(names)) {
  for (std::uint32_t i = 0; i < names_.size(); ++i) {
    const std::string& name = names_[i];
    Prefix prefix{0, 0, i};
    const std::size_t n = std::min<std::size_t>(name.size(), 8);
    std::memcpy(&prefix.bytes, name.data(), n);
    std::memset(&prefix.mask, 0xFF, n);
    prefixes_.push_back(prefix);
    families_.push_back({name, i, ""});
    for (const std::string_view suffix :
         {"_total", "_created", "_bucket", "_count", "_sum", "_gcount", "_gsum", "_info"})
      if (name.size() > suffix.size() && name.ends_with(suffix))
        families_.push_back({name.substr(0, name.size() - suffix.size()), i, std::string(suffix)});
  }
  std::sort(prefixes_.begin(), prefixes_.end(), [&](const Prefix& a, const Prefix& b) {
    return static_cast<unsigned char>(names_[a.name][0]) < static_cast<unsigned char>(names_[b.name][0]);
  });
  std::size_t next = 0;
  for (unsigned c = 0; c < 256; ++c) {
    first_[c] = static_cast<std::uint32_t>(next);
    while (next < prefixes_.size() && static_cast<unsigned char>(names_[prefixes_[next].name][0]) == c) ++next;
  }
  first_[256] = static_cast<std::uint32_t>(next);
}

int SeriesScanner::find(const char* at, std::size_t length) const {
  const auto c = static_cast<unsigned char>(*at);
  const std::size_t from = first_[c];
  const std::size_t to = first_[c + 1U];
  if (from == to) return -1;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, std::min<std::size_t>(length, 8));
  for (std::size_t i = from; i < to; ++i) {
    if ((bytes & prefixes_[i].mask) != prefixes_[i].bytes) continue;
    const std::string& name = names_[prefixes_[i].name];
    if (length < name.size() || std::memcmp(at, name.data(), name.size()) != 0) continue;
    if (length > name.size() && is_name_char(at[name.size()])) continue;
    return static_cast<int>(prefixes_[i].name);
  }
  return -1;
}

bool SeriesScanner::scan_comment(std::string_view line, LinePlace place, LineReader& reader, ScanSink& sink,
                                 ExpositionFault& fault) const {
  // HELP lines are the most frequent ones here and the longest: only a TYPE of a wanted family is worth reading.
  std::size_t i = 1;
  while (i < line.size() && is_blank(line[i])) ++i;
  if (line.substr(i, 4) != "TYPE" || line.size() == i + 4 || !is_blank(line[i + 4])) return true;
  i += 4;
  while (i < line.size() && is_blank(line[i])) ++i;
  const bool quoted = i < line.size() && line[i] == '"';
  std::size_t end = i;
  while (end < line.size() && is_name_char(line[end])) ++end;
  const std::string_view name = line.substr(i, end - i);
  MetadataView metadata;
  for (const Family& family : families_) {
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
    } else if (const int name = find(at, line.size()); name >= 0) {
      if (!sink.on_wanted(static_cast<std::uint32_t>(name), line, place)) return false;
    }
    at = next;
  }
  if (format == Format::prometheus) return true;
  const bool whole = text == "# EOF" || text == "# EOF\n" || text.ends_with("\n# EOF") || text.ends_with("\n# EOF\n");
  if (!whole) fault = {number, 1, "the text must end with \"# EOF\": it may be cut off here"};
  return whole;
}

} // namespace backstop
