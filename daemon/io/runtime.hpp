#pragma once
#include "daemon/config/config.hpp"
#include "rules/result.hpp"
#include <memory>
#include <string>
#include <vector>

namespace backstop {

/// The daemon put together: the loop, the adapters, the app, and the wires between them. main() makes one and runs it.
class Runtime {
public:
  struct Options {
    std::string config_path;
    std::string version;
    std::string step_supervisor; ///< path of backstop-step
    std::string runner_socket;   ///< of backstop-runner: where it is there, steps run as units
    std::string runner_state;    ///< its state directory
  };
  /// Opens everything the configuration names. A journal that is corrupt or newer is no error: the daemon then observes
  /// only and says so. Errors are those nobody can work around: the socket taken, no right to the state directory.
  static Result<std::unique_ptr<Runtime>> create(config::Config config, Options options);
  ~Runtime();

  /// Until SIGTERM or SIGINT. Gives the exit code. Once the journal tells that judge time is another than was taken at the
  /// start without it, everything is opened anew, as in another process: timers and measurements cannot follow.
  int run();

private:
  Runtime();
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

} // namespace backstop
