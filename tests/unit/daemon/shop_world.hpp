#pragma once
#include "tests/fakes/app_world.hpp"
#include "tests/unit/daemon/shop_config.hpp"
#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace backstop {

/// A host with one service, shop/production, whose version v1 runs and is adopted. How many requests fail depends on the
/// version that runs; which runs is changed by ship() and by the step /bin/execute, as on a real host.
class ShopWorld : public AppWorld {
public:
  explicit ShopWorld(const ShopConfig& config = {}, config::Limits limits = {},
                     std::vector<std::string> other_services = {})
      : AppWorld(all(config, std::move(other_services)), limits) {
    start();
    run(8);
    if (!adopt("shop", "v1").ok) throw std::runtime_error("v1 was not adopted");
    run(12);
  }

  /// Deploys `version`, in which `error_share` of the requests fail. Gives the id, or "refused: ...".
  std::string ship(const std::string& version, double error_share = 0,
                   const std::function<void(BeginDeployment&)>& more = {}) {
    const Reply reply = begin("shop", version, more);
    if (!reply.ok) return "refused: " + reply.reason + ": " + reply.why;
    error_share_of[version] = error_share;
    running = version;
    run(1);
    command(FinishDeployment{reply.id});
    return reply.id;
  }
  void run(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      for (; seen_ < steps.log.size(); ++seen_) {
        const StepCommand& command = steps.log[seen_].command;
        if (execute_works && is_execute(command, "shop")) running = command.argv.at(2);
      }
      shops[kShop].error_share = error_share_of[running];
      AppWorld::run(1);
    }
  }
  bool until(const std::function<bool()>& done, int seconds = 200) {
    for (int i = 0; i < seconds && !done(); ++i) run(1);
    return done();
  }
  bool until_phase(const std::string& id, Phase wanted) {
    return until([&] { return phase(id) == wanted; });
  }
  /// Until the last decision on the deployment stands as `status` ("held", "waiting: ..."; a beginning is enough).
  bool until_status(const std::string& id, const std::string& status) {
    return until([&] { return deployment(id).last_decision_status.starts_with(status); });
  }

  [[nodiscard]] const ServiceState& service() const { return *app->state().service(kShop); }
  [[nodiscard]] bool locked() const { return !service().locked_by.empty(); }
  [[nodiscard]] std::size_t rollbacks() const { return journal.of_type("rollback_started").size(); }
  /// How often /bin/execute ran for `service`.
  [[nodiscard]] std::ptrdiff_t executed(const std::string& service) const {
    return std::count_if(steps.log.begin(), steps.log.end(),
                         [&](const auto& run) { return is_execute(run.command, service); });
  }
  /// Titles of all notices delivered whose key has `part`, one a line.
  [[nodiscard]] std::string told(const std::string& part) const {
    std::string titles;
    for (const Notice& notice : notifier.delivered) {
      if (notice.key.find(part) != std::string::npos) titles += notice.severity + ": " + notice.title + "\n";
    }
    return titles;
  }

  static constexpr const char* kShop = "shop/production";
  std::map<std::string, double> error_share_of; ///< by version
  std::string running = "v1";                   ///< the version that runs on the host
  bool execute_works = true;                    ///< false: /bin/execute says 0 and changes nothing

private:
  static bool is_execute(const StepCommand& command, const std::string& service) {
    return command.argv.front() == "/bin/execute" && command.environment.at("BACKSTOP_SERVICE") == service;
  }
  static std::vector<std::string> all(const ShopConfig& config, std::vector<std::string> others) {
    others.insert(others.begin(), config.text());
    return others;
  }
  std::size_t seen_ = 0; ///< steps whose effect was applied
};

} // namespace backstop
