#pragma once
#include "daemon/config/config.hpp"
#include "daemon/config/faults.hpp"
#include "rules/result.hpp"
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// From YAML files to the plain structs of config.hpp, checked (check.hpp). Every fault of every file is found in one
/// go; nothing is thrown. Pure: the files come through functions (the io room has the real ones).
namespace backstop::config {

struct Files {
  /// The bytes of a file. Should refuse files beyond kMaxFileBytes (yaml.hpp); a larger text is refused here.
  std::function<Result<std::string>(const std::string& path)> read;
  /// The paths that match a pattern, in any order; none is no error.
  std::function<Result<std::vector<std::string>>(const std::string& pattern)> glob;
  /// SHA-256 of a text, in hex.
  std::function<std::string(std::string_view)> sha256;
};

struct LoadOutcome {
  Config config;               ///< whole only if ok(); else what could be read
  std::vector<Fault> faults;   ///< in order of file and line
  std::vector<Fault> warnings; ///< doubtful, not refused
  [[nodiscard]] bool ok() const { return faults.empty(); }
};

/// backstop.yaml at `path` and all files that its `services` matches (a relative pattern: from the folder of `path`).
/// The service files are read in the order of their names.
LoadOutcome load(const std::string& path, const Files& files);

struct ServiceOutcome {
  Service service; ///< whole only if ok()
  std::vector<Fault> faults;
  std::vector<Fault> warnings;
  [[nodiscard]] bool ok() const { return faults.empty(); }
};

/// One service file alone, as replay and test-rules use it. Channel names are not checked; `hash` stays empty.
ServiceOutcome load_service(std::string_view text, const std::string& file);

} // namespace backstop::config
