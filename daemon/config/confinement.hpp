#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

/// How much of the host a step's command sees and may change. The properties that make it up: docs/configuration.md.
enum class Sandbox {
  none,
  standard, ///< against slips: the operating system read-only, a /tmp of its own, no new rights
  strict,   ///< all read-only but what `writable` names, no homes, no devices, few system calls, few capabilities
};
/// "none", "standard", "strict", as in the file.
std::string_view word_of(Sandbox sandbox);

/// What a step's commands may use and see: `limits`, `sandbox` and `writable` of a step. Enforced by the service manager,
/// so only where steps run as units.
struct Confinement {
  std::optional<std::uint64_t> memory;     ///< bytes, of all its processes together
  std::optional<std::uint64_t> tasks;      ///< processes and threads
  std::optional<double> cpu;               ///< percent of one core
  std::optional<std::uint64_t> open_files; ///< of each process
  Sandbox sandbox = Sandbox::none;
  std::vector<std::string> writable; ///< absolute paths that stay so in a strict sandbox; else empty
  bool operator==(const Confinement&) const = default;
  /// The file asks for nothing of it.
  [[nodiscard]] bool none() const { return *this == Confinement{}; }
};

/// Why `path` cannot be reached from inside of `sandbox`, as the end of a sentence; empty: it can.
std::string_view hidden_by(Sandbox sandbox, std::string_view path);

} // namespace backstop::config
