#include "daemon/config/check.hpp"
#include "daemon/config/confinement.hpp"
#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <fmt/format.h>

/// limits, sandbox and writable of a step: reading them, and whether they make sense.
namespace backstop::config {

namespace {

// The supervisor of the step runs inside of them too.
constexpr std::uint64_t kLeastMemory = std::uint64_t{16} << 20;
constexpr Range kTasks{10, 1'000'000};
constexpr Range kOpenFiles{64, 1'000'000'000};
constexpr Range kCpu{1, 100'000};

template <class T>
void optional_integer(const Mapping& mapping, std::string_view key, std::optional<T>& out, Range range) {
  T value = 0;
  mapping.integer(key, value, range);
  if (value != 0) out = value; // every range begins above zero
}

void read_cpu(const Mapping& limits, std::optional<double>& out) {
  std::string text;
  limits.text("cpu", text);
  if (text.empty()) return;
  Mistake mistake;
  const auto percent = parse_percent(shortened(text), mistake);
  if (!percent) return limits.fault("cpu", mistake.what, mistake.how);
  if (*percent < kCpu.least || *percent > kCpu.most)
    return limits.fault("cpu", fmt::format("{} is out of range", shortened(text)),
                        fmt::format("from {}% to {}% (100% is one core)", kCpu.least, kCpu.most));
  out = *percent;
}

bool below(std::string_view path, std::string_view folder) {
  return path.substr(0, folder.size()) == folder && (path.size() == folder.size() || path[folder.size()] == '/');
}

/// An absolute path that means what is written there.
bool plain_path(std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.back() == '/') return false;
  for (const char c : path)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  for (const std::string_view part : {"//", "/./", "/../"})
    if (path.find(part) != std::string_view::npos) return false;
  return !path.ends_with("/.") && !path.ends_with("/..");
}

void check_program(const std::vector<std::string>& argv, Sandbox sandbox, const std::string& path, Sheet& sheet) {
  const std::string_view why = argv.empty() ? "" : hidden_by(sandbox, argv[0]);
  if (why.empty()) return;
  const std::string at = path + ".argv[0]";
  sheet.fault(sheet.places.of(at), fmt::format("{}: {}", at, why), "put the program elsewhere, such as in /opt");
}

} // namespace

std::string_view word_of(Sandbox sandbox) {
  switch (sandbox) {
  case Sandbox::none: return "none";
  case Sandbox::standard: return "standard";
  case Sandbox::strict: return "strict";
  }
  return "none";
}

std::string_view hidden_by(Sandbox sandbox, std::string_view path) {
  if (sandbox == Sandbox::none) return "";
  if (below(path, "/tmp") || below(path, "/var/tmp"))
    return "in a sandbox /tmp and /var/tmp are the step's own, and empty";
  if (sandbox != Sandbox::strict) return "";
  if (below(path, "/home") || below(path, "/root") || below(path, "/run/user"))
    return "sandbox: strict hides /home, /root and /run/user";
  return "";
}

void read_confinement(const Mapping& step, Confinement& out) {
  if (const Node* node = step.find("limits")) {
    const Mapping limits(step.sheet(), *node, "step/limits", step.path_of("limits"));
    std::uint64_t memory = 0;
    limits.size("memory", memory, kLeastMemory);
    if (memory != 0) out.memory = memory;
    optional_integer(limits, "tasks", out.tasks, kTasks);
    read_cpu(limits, out.cpu);
    optional_integer(limits, "open_files", out.open_files, kOpenFiles);
  }
  step.word<Sandbox>("sandbox", out.sandbox,
                     {{"none", Sandbox::none}, {"standard", Sandbox::standard}, {"strict", Sandbox::strict}});
  step.texts("writable", out.writable);
}

void check_confinement(const RunStep& run, const std::string& deploy_lock, const std::string& path, Sheet& sheet) {
  const Sandbox sandbox = run.confinement.sandbox;
  const std::vector<std::string>& writable = run.confinement.writable;
  const auto fault = [&](const std::string& at, std::string_view what, std::string_view how) {
    sheet.fault(sheet.places.of(at), fmt::format("{}: {}", at, what), how);
  };
  if (!writable.empty() && sandbox != Sandbox::strict)
    fault(path + ".writable", "it says what may be written in a strict sandbox, and there is none",
          "add sandbox: strict, or take it out");
  for (std::size_t i = 0; i < writable.size() && sandbox == Sandbox::strict; ++i) {
    const std::string at = fmt::format("{}.writable[{}]", path, i);
    if (!plain_path(writable[i]))
      fault(at, fmt::format("\"{}\" is no plain absolute path", shortened(writable[i])),
            "write it from / on, without . and .. and no / at its end");
    else if (const std::string_view why = hidden_by(sandbox, writable[i]); !why.empty())
      fault(at, why, "write another path, or use sandbox: standard");
  }
  check_program(run.argv, sandbox, path, sheet);
  if (run.check) check_program(run.check->argv, sandbox, path + ".check", sheet);
  if (run.preflight) check_program(run.preflight->argv, sandbox, path + ".preflight", sheet);
  if (const std::string_view why = hidden_by(sandbox, deploy_lock); !why.empty())
    fault(path + ".sandbox", fmt::format("{}; deploy_lock is there, and would lock nobody out", why),
          "put deploy_lock into /run/lock");
}

} // namespace backstop::config
