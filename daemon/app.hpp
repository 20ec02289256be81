#pragma once
#include "daemon/config/config.hpp"
#include "daemon/detections.hpp"
#include "daemon/executor.hpp"
#include "daemon/flight_recorder.hpp"
#include "daemon/game_day.hpp"
#include "daemon/ledger.hpp"
#include "daemon/operator.hpp"
#include "daemon/retention.hpp"
#include "daemon/seams.hpp"
#include "daemon/service_watch.hpp"
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace backstop {

class Deadman;

/// What the daemon does, without a way to do it: everything it touches is behind a seam, every event carries the time.
/// Read on_scrape() first: scrape → evaluation → decision → records → acts.
class App {
public:
  struct Seams {
    Journal& journal;
    Recorder& recorder;
    StepRunner& steps;
    Notifier& notifier;
    Log& log;
    Executor::ReadLink read_link;
  };
  App(config::Config config, Seams seams, ReadFrozen read_frozen, const std::string& boot);

  /// Journal → state. An error means: observe only (see degraded()); resume() is called all the same. After an error it may
  /// be called again when the journal is mended, and resume() then: as if the daemon started only now.
  Status load();
  /// Settles what was under way when the daemon ended, and begins.
  void resume(Time now, const std::string& version, Duration anchor);

  void on_scrape(const std::string& service, const Scrape& scrape, Time now);
  /// What looking for the targets of a source gave.
  void on_targets(const std::string& service, const std::string& source, const FoundTargets& found, Time now);
  void on_tick(Time now);
  void on_step_finished(const StepKey& key, const StepOutcome& outcome, Time now);
  /// A new configuration was read and found without fault. Running deployments keep the one they began with.
  void on_config(config::Config config, Time now);
  void on_config_refused(const std::vector<std::string>& faults, Time now);
  void on_stop(Time now);
  /// The host goes down (`coming`), or not after all. Meanwhile no step is started; what runs may end. A shutdown that
  /// has not come after kShutdownMost does not come any more.
  void on_shutdown(bool coming, Time now);
  static constexpr Duration kShutdownMost{std::chrono::minutes(5)};

  /// An operator's command. What it changes is durable when the reply is given.
  Reply on_command(const Command& command, const std::string& actor, Time now);

  /// Sends a test notice through a channel at once, outside the queue. `done` is called once, at once or from the loop:
  /// with a refusal where there is no such channel, else with what the other side answered in Reply::details (channel,
  /// taken, answer). It is recorded where anything can be.
  void test_channel(const std::string& channel, const std::string& actor, Time now,
                    std::function<void(const Reply&)> done);

  /// Lets records go that are older than `journal.keep`, some at a time. To be called each minute, and at once again while it
  /// is true. Errors: see Retention.
  Result<bool> keep_journal(Time now, const Retention::Limits& limits);
  Result<bool> keep_journal(Time now) { return keep_journal(now, Retention::Limits{}); }

  /// What came out of a game day, once it is over and recorded; null before.
  [[nodiscard]] const Json& game_day(const std::string& id) const { return game_days_.result(id); }

  /// Samples as they are kept; reading them writes what waits.
  FlightRecorder& flight() { return flight_; }
  [[nodiscard]] const Journal& journal() const { return seams_.journal; }

  /// When on_tick() is due next.
  [[nodiscard]] Time next_due() const { return next_due_; }
  [[nodiscard]] const State& state() const { return ledger_.state(); }
  [[nodiscard]] const ServiceWatches& watches() const { return watches_; }
  [[nodiscard]] const config::Config& config() const { return config_; }
  /// Why the daemon only observes (journal corrupt, newer, not writable); empty: it acts.
  [[nodiscard]] std::string degraded() const;
  /// Why the journal is not trusted: it cannot be read. Empty: it is, or only writing fails.
  [[nodiscard]] const std::string& journal_refused() const { return refused_journal_; }
  [[nodiscard]] std::string_view steps_run_as() const { return seams_.steps.runs_as(); }
  /// "shop/production execute": steps whose limits and sandbox are not enforced, as the runner of steps cannot.
  [[nodiscard]] std::vector<std::string> unconfined_steps() const;
  /// Why the newest configuration was refused at the last reload; empty: it is the one in force.
  [[nodiscard]] const std::vector<std::string>& config_faults() const { return config_faults_; }

  Ledger::Listener on_durable;     ///< event stream, telemetry
  std::function<void()> on_commit; ///< the journal committed
  std::function<void(const ServiceWatch&, const Scrape&)> on_evaluated;
  /// Sees what a deployment is judged by before it is frozen, and may put in what was frozen when it really began.
  std::function<void(DeploymentBegun&)> on_freeze;
  /// Targets of a watched source came or went: scrape what its places say now. Not called when a watch begins.
  std::function<void(const ServiceWatch&, std::uint32_t source, const TargetPlaces::Change&)> on_targets_changed;
  std::function<void()> on_watches_changed; ///< services or sources came or went: scrape what watches() says now
  const Deadman* deadman = nullptr;         ///< shown in status and metrics
  WallClock wall_clock = [](Time at, bool) { return utc_minute(at); }; ///< for deployment windows
  PastReader* past = nullptr; ///< asked when a deployment begins on too short a history; null: nobody is

private:
  /// Of one judgement. A replay of the same samples has the same `at` and `by`, and another `now`.
  struct Instant {
    Time at;  ///< as of when the service is judged: the time of the samples; where time alone decides, when it was due
    Time by;  ///< what is due by then is decided
    Time now; ///< of the records
  };
  [[nodiscard]] std::string page_title() const;
  void warn_of_unconfined_steps() const;
  void refresh_watches(Time now);
  void judge(ServiceWatch& watch, const Instant& when);
  void judge_due(ServiceWatch& watch, Time until, Time now);
  void note_gap(ServiceWatch& watch, bool rebooted, Time now);
  [[nodiscard]] bool may_learn(const std::string& key) const;
  void restore_watch(ServiceWatch& watch, Time now);
  void prepare_watch(ServiceWatch& watch, Time now);
  void keep_watch(ServiceWatch& watch, Time now);
  void save_watch(ServiceWatch& watch, Time now);
  void save_histories(ServiceWatch& watch, Time now);
  void tell_of_saving(const std::string& key, const Status& saved);
  void restore_targets(ServiceWatch& watch, Time now);
  void follow(ServiceWatch& watch, const Instant& when);
  void follow_deployment(ServiceWatch& watch, const DeploymentState& deployment, const Instant& when);
  void follow_verification(ServiceWatch& watch, Time now);
  void follow_bake(const DeploymentState& deployment, const Decision& decision, Time now);
  void follow_plans(Time now);
  void pause_plan(const std::string& deployment, const std::string& why, Time now);
  void note_levels(const ServiceWatch& watch, Time now);
  void expire(Time by, Time now);
  void gate(Time now);
  bool items_fail(const DeploymentState& deployment, bool& waiting, Time now);
  bool gates_closed(const DeploymentState& deployment, const ServiceWatch& watch, Time now);
  void end_old_requests(Time by, Time now);
  void page_of_unreadable_files(Time now);
  bool waits_for_past(ServiceWatch& watch, const DeploymentState& deployment, Time now);
  void tell_of_no_past(const DeploymentState& deployment, const Error& why);
  void on_past(const std::string& service, const std::string& deployment, const Result<std::vector<Scrape>>& scrapes,
               Time now);
  void refuse(const DeploymentState& deployment, const std::string& reason, const std::string& why, Time now);
  void settle(Time now);
  void care_for_incidents(Time now);
  void keep_samples(Time now);
  void log_record(const Record& record, const Payload& payload);

  config::Config config_;
  Seams seams_;
  Ledger ledger_;
  ServiceWatches watches_;
  Executor executor_;
  GameDays game_days_;
  FlightRecorder flight_;
  std::map<std::string, std::string> unsaved_; ///< why a watch could not be saved, last time
  Detections detections_;
  Retention retention_;
  Time care_due_ = kNever;     ///< when an incident or a review may have to be told of again
  std::uint64_t cared_at_ = 0; ///< the last record then
  Time journal_retry_{};       ///< after a failed commit: not before, a foreign lock holds the loop up
  std::vector<std::string> config_faults_;
  std::string refused_journal_; ///< why the journal is not trusted
  std::uint64_t generations_ = 0;
  std::map<std::string, bool> pasts_; ///< of gated deployments, by id: whether the past that was asked for has come
  std::vector<std::string> frozen_;   ///< watches that run on another configuration than the newest
  bool stale_ = false;                ///< one of them has no deployment any more
  std::set<std::string> timed_;       ///< watches for which time alone matters again
  Time next_due_ = kNever;
};

} // namespace backstop
