#pragma once
#include "daemon/config/confinement.hpp"
#include "daemon/config/notify.hpp"
#include "daemon/config/sources.hpp"
#include "rules/baseline.hpp"
#include "rules/indicator.hpp"
#include "rules/sequential.hpp"
#include "rules/table.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The configuration as plain structs: what the reader (read.hpp) gives and the compiler turns into tables and targets.
/// Every key is described in docs/configuration.md.
namespace backstop::config {

struct Control {
  std::string socket = "/run/backstop/control.sock";
  std::string observers = "backstop-observers"; ///< group that may see
  std::string operators = "backstop-operators"; ///< group that may act
};

struct RollbackLimit {
  int count = 3;
  Duration window{std::chrono::hours(24)};
};

struct Limits {
  int concurrent_rollbacks = 1;
  RollbackLimit rollbacks; ///< per service; more: LOCKED and a page
};

enum class ChannelType { webhook, command };
struct Channel {
  std::string name;
  ChannelType type = ChannelType::webhook;
  Secret url; ///< webhook
  std::vector<std::string>
      argv; ///< command: the notice as JSON on stdin is not passed; see BACKSTOP_NOTICE_* variables
  Duration timeout{std::chrono::seconds(10)};
};

/// A URL outside that is fetched while the daemon acts: what stands behind it pages when the fetches stop.
struct Deadman {
  Secret url;
  Duration every{std::chrono::seconds(60)};
  bool operator==(const Deadman&) const = default;
};

struct Daemon {
  Control control;
  std::string metrics_listen = "127.0.0.1:9477"; ///< empty: no listener
  std::string journal_path = "/var/lib/backstop/journal.db";
  Duration journal_keep{std::chrono::hours(24 * 400)};
  std::string recorder_path = "/var/lib/backstop/recorder.db";
  Duration recorder_keep{std::chrono::hours(24 * 30)};
  std::uint64_t recorder_max_size = std::uint64_t{2} << 30;
  Limits limits;
  std::vector<Channel> channels;
  Notify notify;
  std::optional<Deadman> deadman;
  std::string services_glob = "/etc/backstop/services.d/*.yaml";
};

/// A selector as text, compiled by the collectors: name{label="v", label=~"re"}.
struct Selector {
  std::string text;
};

struct Ratio {
  std::string source;
  Selector errors, total;
};
struct Quantile {
  double q = 0.95;
  std::string source;
  Selector histogram; ///< without the _bucket suffix
};
struct Gauge {
  std::string source;
  Selector gauge;
  std::optional<Aggregation> aggregate;
};
struct Rate {
  std::string source;
  Selector counter;
};

struct Indicator {
  std::string name;
  std::variant<Ratio, Quantile, Gauge, Rate> kind;
  Duration window{std::chrono::seconds(30)};
  double min_requests = 1;
  std::optional<Unit>
      unit; ///< default by kind: ratio → ratio, quantile → seconds, gauge → by the name (percent, bytes)
  std::optional<Duration> stale_after; ///< default 3 intervals, at least 5 s
  Duration query_offset{};
};

/// The unit of the indicator: as set, else by its kind.
Unit unit_of(const Indicator& indicator);

/// A row as compiled from `thresholds:`; `indicator` is resolved by name.
struct RowConfig {
  std::string indicator;
  backstop::Row row; ///< row.indicator is filled in by the compiler
};
struct ConditionConfig {
  std::string indicator;
  backstop::Condition condition;
};
struct CriterionConfig {
  std::string name;
  std::vector<ConditionConfig> all;
  Timing timing;
  AbsencePolicy absence;
  Mode mode = Mode::automatic;
  double worsen_factor = 1.5;
};

/// A command with its own limits, used by steps, checks and questions.
struct Command {
  std::vector<std::string> argv;
  Duration timeout{std::chrono::seconds(10)};
};

enum class OnFailure { abort, proceed, escalate }; ///< "abort", "continue", "escalate"
enum class OnUnknown { rerun, verify, escalate };

/// One schema for every step: name, kind, and the kind's own keys. The set of kinds is closed.
struct RunStep {
  std::vector<std::string> argv;
  Duration timeout{std::chrono::minutes(10)};
  int retries = 0;
  Duration retry_delay{std::chrono::seconds(1)};
  std::optional<Command> check;     ///< exit 0: it is done already; answers `on_unknown: verify` too
  std::optional<Command> preflight; ///< run at `deploy begin`, before anything is touched; must exit 0
  OnFailure on_failure = OnFailure::abort;
  OnUnknown on_unknown = OnUnknown::verify;
  std::string user;
  std::map<std::string, std::string> environment;
  Confinement confinement; ///< of the command, its check and its preflight
};
struct NotifyStep {
  std::string severity = "critical";
  std::vector<std::string> to; ///< channel names; empty: all
};
struct WatchStep {
  Duration good_for{std::chrono::seconds(60)};
  Duration timeout{std::chrono::minutes(5)};
};
struct ReviewStep {
  Duration due{std::chrono::hours(24)};
};
struct Step {
  std::string name;
  std::string path; ///< "1", "2" ...: its place, which keys the journal
  std::variant<NotifyStep, RunStep, WatchStep, ReviewStep> kind;
};

struct Bake {
  Duration duration{std::chrono::hours(24)};
  Duration good_after{std::chrono::hours(2)};
  Duration deploy_timeout{std::chrono::minutes(30)};
  std::optional<Duration> act_for;         ///< absent: all of it
  bool rollback_on_deploy_timeout = false; ///< `on_deploy_timeout: rollback`; default `alert`
};

/// A deployment is what sets this symbolic link to another version.
struct DetectLink {
  std::string link;
};
/// ... what changes this label of a series that says which version runs, as of shop_build_info.
struct DetectSeries {
  std::string source;
  Selector series;
  std::string label = "version";
};
/// ... a start of the unit of this source of type systemd, with another version in running_version_link.
struct DetectRestart {
  std::string source;
};
using Detect = std::variant<std::monostate, DetectLink, DetectSeries, DetectRestart>;

enum class JudgeKind {
  table,      ///< timers on readings: `for` in the rows and criteria
  sequential, ///< evidence for each request, see rules/sequential.hpp
};
/// What is made of good deployments of the service (rules/settling.hpp).
enum class Learn {
  off,
  propose, ///< said in `status`
  use,     ///< instead of the warm-up and sustain that are configured
};
inline constexpr Duration kSequentialWarmUp = std::chrono::seconds(180);
inline constexpr Duration kTableWarmUp = std::chrono::seconds(30);
struct Judge {
  JudgeKind kind = JudgeKind::sequential;
  Duration warm_up = kSequentialWarmUp; ///< table: kTableWarmUp unless written
  SequentialSpec sequential;
  Learn learn = Learn::propose; ///< sequential
};

struct Service {
  std::string service;
  std::string environment = "production";
  Mode mode = Mode::automatic;
  Bake bake;
  BaselineSpec baseline;
  Judge judge;
  std::optional<Command> running_version; ///< a program that prints it
  std::string running_version_link;       ///< or a symbolic link whose target's last part is the version
  Detect detect;                          ///< how deployments are known that nobody announces
  std::string deploy_lock;                ///< lock file shared with deploy scripts
  std::vector<std::string> depends_on;
  Duration confirm_timeout{std::chrono::minutes(15)};
  std::vector<Source> sources;
  std::vector<Indicator> indicators;
  std::vector<RowConfig> rows;
  std::vector<CriterionConfig> criteria;
  std::vector<Step> rollback; ///< procedures.rollback
  std::string file;           ///< where it was read from
  std::string text;           ///< the file's bytes, frozen with every deployment
  std::string hash;           ///< SHA-256 of `text`, hex
  [[nodiscard]] std::string key() const { return service + "/" + environment; }
};

struct Config {
  Daemon daemon;
  std::vector<std::shared_ptr<const Service>> services; ///< shared with what watches them
  std::string file;
  std::string hash; ///< over all files
};

} // namespace backstop::config
