#pragma once
#include "daemon/ledger.hpp"
#include "daemon/outbox.hpp"
#include "daemon/seams.hpp"
#include "daemon/service_watch.hpp"
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace backstop {

/// The only place that acts on the world: carries procedures out step by step through the StepRunner, and notices through
/// the Notifier. Driven by state: pump() looks at what should run next, records the intent, and acts once it is durable.
class Executor {
public:
  /// Where a symbolic link points to (ReadLink is the real one in daemon/io/files.hpp).
  using ReadLink = std::function<Result<std::string>(const std::string& path)>;
  Executor(Ledger& ledger, StepRunner& steps, Notifier& notifier, ServiceWatches& watches, const config::Config& config,
           ReadLink read_link);

  /// Takes every procedure and the outbox as far as they go without waiting. Gives when time alone matters next.
  Time pump(Time now);

  /// From the StepRunner. A key whose outcome is recorded already is only forgotten.
  void on_step_finished(const StepKey& key, const StepOutcome& outcome, Time now);

  /// After a restart: what became of each step that was intended and has no outcome.
  void settle_after_restart(Time now);

  /// A verification came to its end (see Verification).
  void verification_ended(ServiceWatch& watch, bool good, const std::string& why, Time now);

  /// The watch of a plan came to its end with nothing wrong.
  void bake_passed(const DeploymentState& deployment, const std::string& why, Time now);

  /// The notices that wait to be sent, and pages that cannot be recorded.
  Outbox& outbox() { return outbox_; }

private:
  Time pump_preflight(const DeploymentState& deployment, Time now);
  Time pump_items(const DeploymentState& deployment, Time now);
  Time pump_procedure(const std::string& deployment, const std::string& procedure, Time now);
  bool carry_out(const DeploymentState& deployment, const std::string& procedure, const NextAction& action, Time now);
  void run_attempt(const DeploymentState& deployment, const std::string& procedure, std::size_t step, int attempt,
                   Time now);
  void cancel_plan(const DeploymentState& deployment);
  void ask_running_version(const DeploymentState& deployment, int attempt, Time now);
  void look_at_link(const DeploymentState& deployment, int attempt, Time now);
  void send_step_notice(const DeploymentState& deployment, const std::string& procedure, std::size_t step, Time now);
  void hold_back(const DeploymentState& deployment, const std::string& procedure, Time now);
  void begin_watch(const DeploymentState& deployment, std::size_t step, Time now);
  void begin_bake(const DeploymentState& deployment, std::size_t step, Time now);
  void ask_approval(const DeploymentState& deployment, std::size_t step, Time now);
  void open_review(const DeploymentState& deployment, std::size_t step, Time now);
  void rollback_over(const DeploymentState& deployment, bool succeeded, const std::string& why, Time now);
  void undone(const DeploymentState& deployment, const std::string& why, Time now);
  void order(const DeploymentState& deployment, StepOrder::Act act, const std::string& procedure,
             const std::string& path, const std::string& name, int attempt, Time now);
  void start(const StepKey& key, Result<StepCommand> command, Time now);
  void take_baselines(const DeploymentState& deployment, const std::string& path, const std::string& output, Time now);
  void settle_watch(const DeploymentState& deployment, const std::string& path, const StepProgress& step, Time now);
  void settle_step(const DeploymentState& deployment, const std::string& procedure, const std::string& path,
                   const StepProgress& step, Time now);

  Ledger& ledger_;
  StepRunner& steps_;
  ServiceWatches& watches_;
  const config::Config& config_;
  ReadLink read_link_;
  Outbox outbox_;
  std::set<StepKey> cancelled_; ///< steps of plans that were asked to end, as a rollback began
};

/// What a program printed, without the white space around it.
std::string trimmed(const std::string& text);
/// The version that a link to a release folder names: the last part of its target.
std::string version_in(const std::string& link_target);

} // namespace backstop
