#pragma once
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace backstop {

struct PluginCommand {
  std::vector<std::string> argv; ///< program (absolute path) and arguments; no shell
  Duration timeout{};            ///< for all of it, waiting for its turn included
};
/// A plugin that ended by itself.
struct PluginEnd {
  int code = 0;       ///< exit code
  std::string output; ///< what it printed, any bytes, at most kMostPluginOutput (plugin_output.hpp)
};

/// Seam: runs monitoring plugins without blocking, a bounded number at once. They look and do not act: how a plugin
/// ends is no record.
class PluginRunner {
public:
  using Id = std::uint64_t;
  using Done = std::function<void(Result<PluginEnd>)>;

  virtual ~PluginRunner() = default;
  /// `done` is called exactly once from the loop, never from inside start(). Errc::timeout: it did not end in time,
  /// and was ended with all that it had started; too_large: it printed too much, likewise; busy: so many others ran
  /// that its turn did not come in time; not_found, io: it could not be started, or a signal ended it.
  virtual Id start(PluginCommand command, Done done) = 0;
  /// Gives it up and ends it: its `done` is not called any more. An unknown id is ignored.
  virtual void cancel(Id id) = 0;
};

} // namespace backstop
