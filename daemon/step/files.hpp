#pragma once
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the daemon and the supervisor of a step agree on: the files in the directory of a step, and their form.
/// Header-only, as the supervisor links nothing of the daemon.
namespace backstop::step {

/// Written by the daemon before the start: what to run. Not synced, see docs/decisions/0021.
inline constexpr const char* kCommand = "command";
inline constexpr const char* kCommandTmp = "command.tmp"; ///< renamed to kCommand when complete
/// A FIFO. The supervisor holds its read end as long as it works, so opening it for writing tells whether it lives
/// (ENXIO: no), its last close tells that it is done (EPOLLERR), and a byte written into it cancels the step.
inline constexpr const char* kControl = "control";
/// Made before the command is forked; holds its pid. Absent after the death of the supervisor: nothing was run.
inline constexpr const char* kStarted = "started";
/// Renamed to kOutcome when complete. Made by the daemon before the start with the space it needs, so that a disk that
/// fills up while the step runs does not lose the outcome.
inline constexpr const char* kOutcomeTmp = "outcome.tmp";
inline constexpr const char* kOutcome = "outcome";
/// The tombstone of a forgotten key: alone in its directory.
inline constexpr const char* kForgotten = "forgotten";

inline constexpr int kControlFd = 3;              ///< where the supervisor finds the read end of kControl
inline constexpr std::size_t kDetailLimit = 2048; ///< bytes of an outcome's detail
inline constexpr std::size_t kFileLimit = std::size_t{16} << 20;

/// Both files are lists of fields "name length:bytes\n" and end with a field "end", so that a cut file is noticed and a
/// person can read them. Names may repeat (argv).
using Fields = std::vector<std::pair<std::string, std::string>>;

inline void put(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(" ").append(std::to_string(value.size())).append(":").append(value).append("\n");
}
inline void put_number(std::string& out, std::string_view name, std::int64_t value) {
  put(out, name, std::to_string(value));
}
inline void put_end(std::string& out) { put(out, "end", std::string_view{}); }

/// False where `text` is not a whole list of fields.
inline bool parse(std::string_view text, Fields& out) {
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::size_t colon = text.find(':');
    if (space == text.npos || colon == text.npos || colon < space) return false;
    std::size_t length = 0;
    const char* const from = text.data() + space + 1;
    const char* const to = text.data() + colon;
    if (const auto r = std::from_chars(from, to, length); r.ec != std::errc{} || r.ptr != to) return false;
    const std::string_view name = text.substr(0, space);
    text.remove_prefix(colon + 1);
    if (text.size() <= length || text[length] != '\n') return false;
    if (name == "end") return text.size() == length + 1;
    out.emplace_back(name, text.substr(0, length));
    text.remove_prefix(length + 1);
  }
  return false;
}

inline bool to_number(std::string_view text, std::int64_t& out) {
  const auto r = std::from_chars(text.data(), text.data() + text.size(), out);
  return r.ec == std::errc{} && r.ptr == text.data() + text.size();
}

} // namespace backstop::step
