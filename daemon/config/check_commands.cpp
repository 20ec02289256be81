#include "daemon/config/check.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>

/// The commands of a service, wherever they stand.
namespace backstop::config {

namespace {

struct Complaint {
  std::string what;
  std::string how;
};

/// About a name in braces that is none of `allowed`.
Complaint about(std::string_view name, const KnownPlaceholders& allowed) {
  if (allowed.empty()) return {fmt::format("\"{{{}}}\" is not replaced here", shortened(name)), "write it out"};
  const auto is_in = [&](const auto& names) { return std::find(names.begin(), names.end(), name) != names.end(); };
  if (is_in(kPlaceholders))
    return {fmt::format("the placeholder \"{{{}}}\" has no value yet at this point", name),
            fmt::format("known here: {}", fmt::join(allowed, ", "))};
  if (is_in(kTrafficPlaceholders))
    return {fmt::format("the placeholder \"{{{}}}\" has no value here", name),
            name == "percent" ? "only the command of traffic knows it"
                              : "only commands of a plan with traffic know it"};
  return {fmt::format("unknown placeholder \"{{{}}}\"", shortened(name)), suggestion(name, allowed, "placeholders")};
}

} // namespace

void check_argv(const std::vector<std::string>& argv, const KnownPlaceholders& allowed, const std::string& path,
                Sheet& sheet) {
  if (argv.empty()) return; // the reader said so
  const auto fault = [&](std::size_t i, std::string_view what, std::string_view how) {
    const std::string at = fmt::format("{}[{}]", path, i);
    sheet.fault(sheet.places.of(at), fmt::format("{}: {}", at, what), how);
  };
  if (argv[0].empty() || argv[0].front() != '/')
    fault(0, fmt::format("\"{}\" is no absolute path", shortened(argv[0])), "no PATH is searched: write it from / on");
  for (std::size_t i = 0; i < argv.size(); ++i) {
    for (const std::string_view name : placeholders_in(argv[i])) {
      if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
      const Complaint complaint = about(name, allowed);
      fault(i, complaint.what, complaint.how);
    }
    if (argv[i].find('\0') != std::string::npos) fault(i, "a NUL character", "take it out");
  }
}

void check_run(const RunStep& run, const KnownPlaceholders& allowed, const std::string& path, Sheet& sheet) {
  check_argv(run.argv, allowed, path + ".argv", sheet);
  if (run.check) check_argv(run.check->argv, allowed, path + ".check.argv", sheet);
  for (const auto& [name, value] : run.environment)
    if (!placeholders_in(value).empty())
      sheet.warn(sheet.places.of(path + ".env." + name),
                 fmt::format("{}.env.{}: placeholders are replaced in arguments only", path, name),
                 "the same values are in BACKSTOP_VERSION and so on");
  if (run.on_unknown == OnUnknown::verify && !run.check)
    sheet.fault(sheet.places.of(path + ".on_unknown"), path + ".on_unknown: nothing says how to verify",
                "add check: {argv: [...]}, or write rerun or escalate");
}

void warn_unknown_end(const RunStep& run, std::string_view procedure, const std::string& path, Sheet& sheet) {
  if (run.check || run.on_unknown != OnUnknown::escalate) return;
  sheet.warn(sheet.places.of(path),
             fmt::format("{}: no check: if the host goes down while it runs, the {} stops and waits for a person", path,
                         procedure),
             "add check: {argv: [...]}, or on_unknown: rerun if running it twice does no harm");
}

std::vector<std::string_view> placeholders_in(std::string_view text) {
  std::vector<std::string_view> names;
  for (auto open = text.find('{'); open != std::string_view::npos; open = text.find('{', open + 1)) {
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) break;
    const std::string_view name = text.substr(open + 1, close - open - 1);
    if (!name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos)
      names.push_back(name);
  }
  return names;
}

} // namespace backstop::config
