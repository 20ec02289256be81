#pragma once
#include "daemon/config/gates.hpp"
#include "daemon/config/notify.hpp"
#include "daemon/config/sources.hpp"
#include "daemon/config/steps.hpp"
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
#include <string_view>
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

enum class ChannelType {
  webhook,
  command,
  slack, ///< and what takes the same: Mattermost, Rocket.Chat
  teams,
  pagerduty,
  opsgenie,
  email,
  alertmanager,
  statuspage,
  cdevents,
};
/// "pagerduty": as it is written in the file.
std::string_view name_of(ChannelType type);
/// How a mail leaves.
struct MailRoute {
  enum class Tls { starttls, tls, none }; ///< asked for and required after connecting; from the first byte; never
  std::string server;                     ///< "host:port"
  Tls tls = Tls::starttls;
  std::string user; ///< empty: no login
  std::string from; ///< an address alone, as those in `to`
  std::vector<std::string> to;
};
struct Channel {
  std::string name;
  ChannelType type = ChannelType::webhook;
  Secret url;                    ///< all but command and email; of services with one address it has a default
  std::vector<std::string> argv; ///< command: the notice is in its BACKSTOP_NOTICE_* variables
  Duration timeout{std::chrono::seconds(10)};
  /// What shows who we are: of webhook the key of the signature, of pagerduty the routing key, of opsgenie and statuspage
  /// the API key, of alertmanager and cdevents a bearer token, of email the password. Empty: none is sent.
  Secret key{};
  Secret basic{};                           ///< alertmanager: "user:password"
  std::string ca_file{};                    ///< of trusted roots instead of the system's; empty: the system's
  MailRoute mail{};                         ///< email
  Duration resend{std::chrono::minutes(1)}; ///< alertmanager: how often an open alert is told again
  std::string generator_url{};              ///< alertmanager: where its alerts point to; empty: nowhere
  std::string page{};                       ///< statuspage: id of the page
  std::map<std::string, std::string>
      components{}; ///< statuspage: service key → id of a component; no other is published
};

/// A URL outside that is fetched while the daemon acts: what stands behind it pages when the fetches stop.
struct Deadman {
  Secret url;
  Duration every{std::chrono::seconds(60)};
  bool operator==(const Deadman&) const = default;
};

/// Who shows this token over the listener of the page is `name`.
struct PageToken {
  std::string name;
  Secret token;
  bool may_act = true;
  std::vector<std::string> roles; ///< that its bearer may sign as
};

/// The web page over TCP, of the loopback interface alone.
struct Page {
  std::string listen;             ///< empty: no listener
  bool read_by_token = false;     ///< whoever has none sees nothing either
  std::vector<std::string> hosts; ///< further names that browsers know it by, with or without a port
  std::vector<PageToken> tokens;
};

struct Daemon {
  Control control;
  std::map<std::string, std::string> roles;      ///< role that signs → group of the host whose members have it
  std::string metrics_listen = "127.0.0.1:9477"; ///< empty: no listener
  Page page;
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
  Plan plan;                  ///< how a version gets out; empty: somebody else does it, and says `deploy finish`
  std::optional<Traffic> traffic;
  std::optional<Gates> gates; ///< what must be given before it may begin; none: nothing
  std::string file;           ///< where it was read from
  std::string text;           ///< the file's bytes, frozen with every deployment
  std::string hash;           ///< SHA-256 of `text`, hex
  [[nodiscard]] std::string key() const { return service + "/" + environment; }
};

/// The step at a path, of the rollback or of the plan; null: there is none.
const Step* step_at(const Service& service, std::string_view path);

struct Config {
  Daemon daemon;
  std::vector<std::shared_ptr<const Service>> services; ///< shared with what watches them
  std::string file;
  std::string hash; ///< over all files
};

} // namespace backstop::config
