#pragma once
#include "daemon/io/step_files.hpp"
#include "daemon/runner/configs.hpp"
#include "daemon/runner_protocol.hpp"
#include <functional>
#include <string>
#include <string_view>

namespace backstop::runner {

/// One unit to be started: the supervisor of a step in its own directory.
struct StepUnit {
  std::string name; ///< "backstop-step-....service"
  std::string description;
  std::string directory; ///< of the step, with the command in it
  Duration timeout{};    ///< of the command
  Duration kill_after{};
  StepOrder order; ///< for the fields of the journal
  /// As the file says; in a strict sandbox what the supervisor itself writes is writable too.
  config::Confinement confinement;
};

/// Starts a unit, and gives an error if nothing of it was run, or if that is not known.
using StartUnit = std::function<Status(const StepUnit&)>;

/// Answers the daemon's requests. All that is decided here is whether a request means something that root configured;
/// what is run then comes from root's files.
class Runner {
public:
  Runner(Configs configs, StepFiles files, StartUnit start_unit);
  RunnerReply handle(std::string_view request);
  /// To be called again and again, with the wall clock's time: once a day what is left of steps goes that were last heard
  /// of 30 days ago, those too whose outcome nobody came for.
  void keep_house(Time now);

private:
  RunnerReply start(const RunnerRequest& request);
  Configs configs_;
  StepFiles files_;
  StartUnit start_unit_;
  Time kept_house_{};
};

} // namespace backstop::runner
