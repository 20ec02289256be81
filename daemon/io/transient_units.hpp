#pragma once
#include "daemon/config/confinement.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct sd_bus;

namespace backstop {

/// A service unit made at run time (systemd.service(5)): Type=notify, its main process says when it is ready.
struct TransientUnit {
  std::string name; ///< with ".service", at most 255 bytes
  std::string description;
  std::vector<std::string> argv;                                   ///< argv[0] is an absolute path
  Duration run_limit{};                                            ///< the manager ends it after that, whatever it does
  Duration stop_limit{};                                           ///< what it gets between SIGTERM and SIGKILL
  std::vector<std::pair<std::string, std::string>> journal_fields; ///< names as journald spells them
  config::Confinement confinement; ///< of the main process too: `writable` must name what that one writes
};

/// Makes transient units on the system's service manager, over its bus. Blocking: for backstop-runner, not for the loop.
class TransientUnits {
public:
  /// No connection yet; it is made when it is needed and made again after it broke.
  TransientUnits();
  ~TransientUnits();
  TransientUnits(TransientUnits&&) noexcept;

  /// Starts `unit` and waits until it is ready, at most `limit`. Errc::refused where a unit of that name is loaded, Errc::io
  /// with the manager's words otherwise. After Errc::timeout, and where the bus broke, it may have started, or may yet.
  Status start(const TransientUnit& unit, Duration limit);

private:
  struct Closer {
    void operator()(sd_bus* bus) const;
  };
  Status connect();
  Status wait_for_job(const std::string& unit, const std::string& job, Duration limit);
  std::unique_ptr<sd_bus, Closer> bus_;
  std::pair<std::string, std::string> removed_; ///< the last job seen to end, and its result
  friend struct JobListener;
};

} // namespace backstop
