#pragma once
#include "daemon/io/supervised_steps.hpp"
#include "daemon/runner_protocol.hpp"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace backstop {

/// Runs each step as a unit of its own, which backstop-runner starts: this process needs no right to do more than ask.
/// The unit's main process is backstop-step, so watching, outcome and cancelling are those of SupervisedSteps.
class UnitStepRunner final : public SupervisedSteps {
public:
  /// `directory` is the runner's state directory, which our group may read; `socket` where it answers.
  static Result<std::unique_ptr<UnitStepRunner>> create(EventLoop& loop, const std::string& directory,
                                                        std::string socket);
  ~UnitStepRunner() override;

  /// Asks the runner. What it refuses or cannot do is told as an outcome.
  Status start(const StepKey& key, const StepCommand& command) override;
  Seen adopt(const StepKey& key) override;
  void cancel(const StepKey& key) override;
  void forget(const StepKey& key) override;
  [[nodiscard]] std::string_view runs_as() const override { return "systemd units"; }
  [[nodiscard]] bool confines() const override { return true; }

  /// Has the runner keep a service's file as it is now. `done` gets why it could not, or success; once, from the loop.
  void remember(const std::string& service, const std::string& config_hash, std::function<void(Status)> done);

private:
  struct Asked; ///< a request under way
  using Answer = std::function<void(Result<RunnerReply>)>;
  UnitStepRunner(EventLoop& loop, StepFiles files, std::string socket);
  Status ask(const RunnerRequest& request, Answer answer);
  void on_answer(Asked* asked, std::uint32_t events);
  void finish(Asked* asked, Result<RunnerReply> reply);
  void started(const StepKey& key, const Result<RunnerReply>& reply);
  void settle(const StepKey& key);
  void look(const StepKey& key);

  std::string socket_;
  enum class Wanted { run, cancel };
  std::map<StepKey, Wanted> starting_; ///< asked for, and not answered yet
  std::vector<std::unique_ptr<Asked>> asked_;
};

} // namespace backstop
