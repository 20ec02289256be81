#pragma once
#include "daemon/rollout.hpp"
#include "tests/unit/daemon/shop_world.hpp"
#include <string>
#include <vector>

namespace backstop {

/// The shop with a plan: build in a phase before the service is touched, then canary at 10 % and 100 % of the traffic, which
/// /bin/route moves. Requests fail as `bad` says while any traffic is on the new version.
class RolloutWorld : public ShopWorld {
public:
  static constexpr const char* kPlan = R"(
traffic:
  driver: command
  argv: [/bin/route, "{side}", "{percent}"]
  check: {argv: [/bin/is-routed, "{side}", "{percent}"]}
  sides: {blue: [], green: []}
plan:
  - phase: build
    steps:
      - {name: backup, kind: run, argv: [/bin/backup], timeout: 30s, undo: {argv: [/bin/drop-backup]}}
      - {name: test, kind: run, argv: [/bin/test], timeout: 30s}
  - phase: production
    live: true
    steps:
      - {name: deploy, kind: run, argv: [/bin/deploy, "{side}", "{version}"], timeout: 30s, undo: {argv: [/bin/undeploy, "{side}", "{previous_version}"]}}
      - {name: some, kind: traffic, share: 10%}
      - {name: watch-some, kind: watch, for: 20s}
      - {name: all, kind: traffic, share: 100%}
      - {name: watch-all, kind: watch, for: 20s}
  - phase: finalization
    steps:
      - {name: mark, kind: run, argv: [/bin/mark, "{version}"], timeout: 30s}
)";
  static ShopConfig with_plan(const std::string& plan = kPlan) {
    ShopConfig config;
    config.extra = plan;
    return config;
  }
  explicit RolloutWorld(const ShopConfig& config = with_plan()) : ShopWorld(config) {}

  /// `backstopctl deploy begin`; the id.
  std::string roll_out(const std::string& version, double bad = 0) {
    error_share_of[version] = bad;
    const Reply reply = begin("shop", version);
    return reply.ok ? reply.id : "refused: " + reply.reason + ": " + reply.why;
  }
  /// As ShopWorld, with the traffic where /bin/route sent it.
  void run(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      for (; routed_ < steps.log.size(); ++routed_) {
        const StepCommand& c = steps.log[routed_].command;
        if (c.argv.front() != "/bin/route") continue;
        running =
            c.argv.at(2) == "0" ? c.environment.at("BACKSTOP_PREVIOUS_VERSION") : c.environment.at("BACKSTOP_VERSION");
      }
      ShopWorld::run(1);
    }
  }
  bool until(const std::function<bool()>& done, int seconds = 200) {
    for (int i = 0; i < seconds && !done(); ++i) run(1);
    return done();
  }
  bool until_phase(const std::string& id, Phase wanted) {
    return until([&] { return phase(id) == wanted; });
  }
  bool until_at(const std::string& id, const std::string& step) {
    return until([&] { return at(id) == step; });
  }
  /// The name of the step that the plan stands at.
  [[nodiscard]] std::string at(const std::string& id) const {
    const StepPlan* step = step_at_hand(deployment(id));
    return step ? step->name : "";
  }
  /// What was run, without the questions that change nothing: "/bin/backup /bin/route:green:10 ...".
  [[nodiscard]] std::string done() const {
    std::string text;
    for (const auto& run : steps.log) {
      const std::vector<std::string>& argv = run.command.argv;
      if (argv.front().starts_with("/bin/is-")) continue;
      text += (text.empty() ? "" : " ") + argv.front().substr(5);
      for (std::size_t i = 1; i < argv.size(); ++i) text += ":" + argv[i];
    }
    return text;
  }

private:
  std::size_t routed_ = 0;
};

} // namespace backstop
