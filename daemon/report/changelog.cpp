#include "daemon/report/release_notes.hpp"
#include <cctype>
#include <functional>
#include <map>
#include <sstream>

namespace backstop::report {
namespace {

using List = std::vector<std::string> Changes::*;

/// Where the items under a heading belong; null: it names no kind of change.
List list_named(std::string_view heading) {
  static const std::map<std::string, List, std::less<>> kLists = {
      {"added", &Changes::features},
      {"features", &Changes::features},
      {"new features", &Changes::features},
      {"changed", &Changes::other},
      {"fixed", &Changes::fixes},
      {"bug fixes", &Changes::fixes},
      {"removed", &Changes::breaking},
      {"breaking", &Changes::breaking},
      {"breaking changes", &Changes::breaking},
      {"deprecated", &Changes::deprecations},
      {"deprecations", &Changes::deprecations},
      {"performance", &Changes::performance},
      {"performance improvements", &Changes::performance},
      {"dependencies", &Changes::dependencies},
      {"security", &Changes::security},
      {"migration", &Changes::migration},
      {"migration guide", &Changes::migration},
      {"known issues", &Changes::known_issues},
      {"support", &Changes::support},
  };
  std::string name;
  for (const char c : heading) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto it = kLists.find(name);
  return it == kLists.end() ? nullptr : it->second;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// 2 of "## x", with `text` "x"; 0: it is no heading.
std::size_t heading_of(std::string_view line, std::string_view& text) {
  const std::size_t level = line.find_first_not_of('#');
  if (level == 0 || level == std::string_view::npos || level > 6 || line[level] != ' ') return 0;
  text = trimmed(line.substr(level));
  return level;
}

/// "1.2.3" of "[v1.2.3] - 2026-01-31".
std::string_view version_in(std::string_view heading) {
  if (!heading.empty() && heading.front() == '[')
    heading = heading.substr(1, heading.find(']') - 1);
  else
    heading = heading.substr(0, heading.find(' '));
  if (heading.size() > 1 && heading.front() == 'v' && std::isdigit(static_cast<unsigned char>(heading[1])) != 0)
    heading.remove_prefix(1);
  return heading;
}

/// The text behind the marker of an item of a list; false: the line begins none.
bool item_of(std::string_view line, std::string_view& text) {
  if (line.size() < 2 || std::string_view("-*+").find(line[0]) == std::string_view::npos || line[1] != ' ')
    return false;
  text = trimmed(line.substr(2));
  return true;
}

bool is_numbered(std::string_view line) {
  const std::size_t digits = line.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string_view::npos && line.substr(digits, 2) == ". ";
}

/// "[1.2.3]: https://...", where a heading leads to.
bool is_link_definition(std::string_view line) {
  return !line.empty() && line.front() == '[' && line.find("]: ") != std::string_view::npos;
}

/// Line by line, the items of one version.
class Reader {
public:
  Reader(Changes& changes, std::string_view version, bool by_version)
      : changes_(changes), version_(version_in(version)), by_version_(by_version), within_(!by_version) {}

  void read(std::string_view whole) {
    const std::string_view line = trimmed(whole);
    std::string_view text;
    if (line.substr(0, 3) == "```") {
      fenced_ = !fenced_;
    } else if (const std::size_t level = fenced_ ? 0 : heading_of(whole, text)) {
      begin_section(level, text);
    } else if (!within_ || (!fenced_ && is_link_definition(line))) {
      return;
    } else if (line.empty()) {
      open_ = open_ && fenced_;
    } else if (const bool item = !fenced_ && item_of(line, text); item || is_numbered(line) || !open_) {
      list().push_back(prefix_ + std::string(item ? text : line));
      open_ = true;
    } else {
      (list().back() += ' ') += line;
    }
  }
  [[nodiscard]] bool found() const { return found_ || !by_version_; }

private:
  void begin_section(std::size_t level, std::string_view heading) {
    open_ = false;
    const List named = list_named(heading);
    if (by_version_ && level <= 2 && !named) {
      within_ = level == 2 && version_in(heading) == version_;
      found_ = found_ || within_;
      listed_ = &Changes::other; // what stands before its first heading
      prefix_.clear();
    } else if (level > 1) {
      listed_ = named ? named : &Changes::other;
      prefix_ = named ? "" : std::string(heading) + ": ";
    }
  }
  [[nodiscard]] std::vector<std::string>& list() { return changes_.*listed_; }

  Changes& changes_;
  std::string_view version_;
  bool by_version_, within_;
  bool found_ = false, fenced_ = false;
  bool open_ = false; ///< the last item goes on
  List listed_ = &Changes::other;
  std::string prefix_;
};

void each_line(std::string_view text, const std::function<void(std::string_view)>& on_line) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    on_line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

/// The headings that name a version, or would in such a file.
std::vector<std::string> versions_in(std::string_view text) {
  std::vector<std::string> versions;
  bool fenced = false;
  each_line(text, [&](std::string_view line) {
    std::string_view heading;
    if (trimmed(line).substr(0, 3) == "```") fenced = !fenced;
    if (!fenced && heading_of(line, heading) == 2 && !list_named(heading)) versions.emplace_back(version_in(heading));
  });
  return versions;
}

} // namespace

Status add_changelog(Changes& changes, std::string_view text, std::string_view version) {
  const std::vector<std::string> versions = versions_in(text);
  Reader reader(changes, version, !versions.empty());
  each_line(text, [&](std::string_view line) { reader.read(line); });
  if (!reader.found())
    return fail(Errc::not_found,
                "has no section \"## " + std::string(version) + "\", the newest is \"" + versions.front() + "\"");
  return {};
}

} // namespace backstop::report
