#include "daemon/telemetry.hpp"
#include "daemon/config/service_key.hpp"
#include "daemon/deadman.hpp"
#include "daemon/procedures.hpp"
#include <algorithm>
#include <array>
#include <charconv>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace backstop {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

/// The one table of metric names.
struct Name {
  const char* name;
  const char* help;
};
constexpr Name kBuildInfo{"backstop_build_info", "1, with the version as a label"};
constexpr Name kActs{"backstop_acts", "1 when the daemon may act, 0 when it only observes (journal not usable)"};
constexpr Name kConfigRefused{
    "backstop_config_refused",
    "1 when the configuration files had faults at the last reload, so that the old one is in force"};
constexpr Name kDeadman{"backstop_deadman_ok",
                        "1 when the last dead-man ping was taken, 0 when none is sent or it was not"};
constexpr Name kDeadmanPings{"backstop_deadman_pings_total", "dead-man pings, by result"};
constexpr Name kState{"backstop_deployment_state",
                      "1 for the phase of the service's newest deployment, 0 for the others"};
constexpr Name kReading{"backstop_reading", "newest reading of an indicator, in its unit; absent without data"};
constexpr Name kThreshold{"backstop_threshold", "edge at which a band begins, in the indicator's unit"};
constexpr Name kLevel{"backstop_level", "level of a rule after its timers: 0 normal, 1 alert, 2 critical"};
constexpr Name kEvidence{"backstop_evidence", "share of its `for` that a rule's condition has held, 0 to 1"};
constexpr Name kSourceUp{"backstop_source_up", "1 when the newest scrape of every target of the source worked"};
constexpr Name kScrape{"backstop_scrape_duration_seconds", "time from request to whole answer"};
constexpr Name kDropped{"backstop_samples_dropped_total", "samples that could not be true or were not wanted"};
constexpr Name kDetected{"backstop_decisions_detected_total", "rollbacks decided, carried out or not"};
constexpr Name kEnforced{"backstop_decisions_enforced_total", "rollbacks decided and carried out"};
constexpr Name kRollbacks{"backstop_rollbacks_total", "rollbacks that ended, by result"};
constexpr Name kDeployments{"backstop_deployments_total", "deployments whose version got the traffic"};
constexpr Name kFailed{"backstop_deployments_failed_total", "those of them that had to be taken back"};
constexpr Name kRecovery{"backstop_recovery_seconds",
                         "from the incident of a failed deployment to the version before being verified"};
constexpr Name kStep{"backstop_step_duration_seconds", "how long steps took, by result"};
constexpr Name kNotices{"backstop_notices_total", "notices that reached their end, by result"};
constexpr Name kWaitingNotices{"backstop_notices_undelivered", "notices in the outbox"};
constexpr Name kCommit{"backstop_journal_commit_seconds", "how long a commit of the journal took"};
constexpr Name kLag{"backstop_loop_lag_seconds", "how late the timers of the loop ran"};
constexpr Name kDetection{"backstop_detection_to_step_seconds",
                          "from the deciding sample's arrival to the start of the first step"};

const Histogram::BucketBoundaries kFast{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5};
const Histogram::BucketBoundaries kSlow{0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};
/// Up to a day: a person may have to be found.
const Histogram::BucketBoundaries kLong{5, 15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 24 * 3600};

constexpr std::array kPhases{Phase::requested,       Phase::gated,     Phase::deploying,  Phase::watching,
                             Phase::rolling_back,    Phase::succeeded, Phase::undecided,  Phase::rolled_back_verified,
                             Phase::rollback_failed, Phase::aborted,   Phase::superseded, Phase::refused};

std::optional<double> band_edge(const Row& row, const Band& band) { return row.higher_is_worse ? band.low : band.high; }

/// A family of gauges, or of counters that are kept elsewhere, as text. What is known anew for each page is not kept between two: for a thousand services the labels
/// alone would be megabytes.
class FamilyText {
public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit FamilyText(const Name& name, const char* type = "gauge") : name_(name), type_(type) {}
  void add(Labels labels, double value) {
    if (text_.empty())
      text_ = std::string("# HELP ") + name_.name + " " + name_.help + "\n# TYPE " + name_.name + " " + type_ + "\n";
    text_ += name_.name;
    char before = '{';
    for (const auto& [label, is] : labels) {
      text_.append(1, std::exchange(before, ',')).append(label).append("=\"");
      for (const char c : is) {
        if (c == '\\' || c == '"') text_ += '\\';
        c == '\n' ? text_ += "\\n" : text_ += c;
      }
      text_ += '"';
    }
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    text_.append("} ").append(digits.data(), error == std::errc{} ? end : digits.data()).append("\n");
  }
  [[nodiscard]] const std::string& text() const { return text_; }

private:
  const Name& name_;
  const char* type_;
  std::string text_;
};

/// Counted since the start, as daemon/report/delivery.hpp defines them.
struct DeliveryCounts {
  std::uint64_t deployments = 0, failed = 0;
};

class ServiceFamilies {
public:
  /// Counts are there from the start: increase() does not see the first of a series that begins with 1.
  void add(const App& app, const std::string& key, const ServiceWatch& watch, const DeliveryCounts& counts) {
    deployments_.add({{"service", key}}, static_cast<double>(counts.deployments));
    failed_.add({{"service", key}}, static_cast<double>(counts.failed));
    add_readings(key, watch);
    for (std::size_t i = 0; i < watch.sources.size(); ++i) {
      bool up = true; // a source without a target has one that fails
      for (std::uint32_t place = 0; place < watch.sources[i].size(); ++place)
        up = up && (!watch.places[i].present(place) || watch.sources[i][place].up);
      source_up_.add({{"service", key}, {"source", watch.config.sources[i].name}}, up ? 1 : 0);
    }
    const DeploymentState* newest = newest_of(app.state(), key);
    for (const Phase phase : kPhases)
      state_.add({{"service", config::service_in(key)},
                  {"environment", config::environment_in(key)},
                  {"state", name_of(phase)}},
                 newest && newest->phase == phase ? 1 : 0);
  }
  [[nodiscard]] std::string text() const {
    return state_.text() + reading_.text() + threshold_.text() + level_.text() + evidence_.text() + source_up_.text() +
           deployments_.text() + failed_.text();
  }

private:
  static const DeploymentState* newest_of(const State& state, const std::string& key) {
    for (auto it = state.deployment_order.rbegin(); it != state.deployment_order.rend(); ++it) {
      const DeploymentState* d = state.deployment(*it);
      if (d && d->service == key && d->rolls_back.empty()) return d;
    }
    return nullptr;
  }
  void add_readings(const std::string& key, const ServiceWatch& watch) {
    for (const Reading& r : watch.last.readings) {
      if (!r.usable()) continue;
      reading_.add({{"service", key}, {"indicator", watch.watch.spec().indicators[r.indicator].name}}, r.value);
    }
    for (const Verdict& v : watch.last.verdicts) {
      level_.add({{"service", key}, {"indicator", v.rule}}, static_cast<double>(v.level));
      const double held = v.held == Duration{} ? 0 : v.held >= v.needed ? 1 : to_seconds(v.held) / to_seconds(v.needed);
      evidence_.add({{"service", key}, {"rule", v.rule}}, held);
    }
    for (const Row& row : watch.watch.spec().table.rows) {
      for (const auto& [band, name] : {std::pair{&row.alert, "alert"}, std::pair{&row.critical, "critical"}}) {
        if (const auto edge = band_edge(row, *band))
          threshold_.add({{"service", key}, {"indicator", row.name}, {"band", name}}, *edge);
      }
    }
  }

  FamilyText state_{kState}, reading_{kReading}, threshold_{kThreshold}, level_{kLevel}, evidence_{kEvidence},
      source_up_{kSourceUp};
  FamilyText deployments_{kDeployments, "counter"}, failed_{kFailed, "counter"};
};

} // namespace

struct Telemetry::Families {
  prometheus::Registry registry;
  Family<Gauge>& gauge(const Name& n) { return prometheus::BuildGauge().Name(n.name).Help(n.help).Register(registry); }
  Family<Counter>& counter(const Name& n) {
    return prometheus::BuildCounter().Name(n.name).Help(n.help).Register(registry);
  }
  Family<Histogram>& histogram(const Name& n) {
    return prometheus::BuildHistogram().Name(n.name).Help(n.help).Register(registry);
  }
  Family<Gauge>& build_info = gauge(kBuildInfo);
  Family<Gauge>& acts = gauge(kActs);
  Family<Gauge>& config_refused = gauge(kConfigRefused);
  Family<Gauge>& deadman = gauge(kDeadman);
  Family<Counter>& deadman_pings = counter(kDeadmanPings);
  Family<Histogram>& scrape = histogram(kScrape);
  Family<Counter>& dropped = counter(kDropped);
  Family<Counter>& detected = counter(kDetected);
  Family<Counter>& enforced = counter(kEnforced);
  Family<Counter>& rollbacks = counter(kRollbacks);
  Family<Histogram>& recovery = histogram(kRecovery);
  Family<Histogram>& step = histogram(kStep);
  Family<Counter>& notices = counter(kNotices);
  Family<Gauge>& waiting_notices = gauge(kWaitingNotices);
  Histogram& commit = histogram(kCommit).Add({}, kFast);
  Histogram& lag = histogram(kLag).Add({}, kFast);
  Histogram& detection = histogram(kDetection).Add({}, kFast);
  /// Family::Add makes a histogram before it looks whether there is one: not for each scrape.
  struct OfSources {
    std::uint64_t generation = 0; ///< of the watch: with another one it may have other sources
    std::vector<Histogram*> scrapes;
  };
  std::unordered_map<std::string, OfSources> of_sources; ///< by service
  std::map<std::string, Time> deciding_sample; ///< of rollbacks whose first step has not started yet, by deployment
  std::map<std::string, std::string> step_names;
  std::map<std::string, DeliveryCounts> delivered; ///< by service, those that had a deployment
  std::set<std::string> failed;                    ///< deployments that were counted: a rollback may be begun again

  void update_deadman(const Deadman::Health& health);
};

Telemetry::Telemetry(const std::string& version) : families_(std::make_unique<Families>()) {
  families_->build_info.Add({{"version", version}}).Set(1);
}
Telemetry::~Telemetry() = default;

void Telemetry::on_scrape(const ServiceWatch& watch, const Scrape& scrape) {
  const std::string& key = watch.key;
  Families::OfSources& of = families_->of_sources[key];
  if (of.generation != watch.generation || of.scrapes.empty()) {
    of = {watch.generation, {}};
    for (const config::Source& source : watch.config.sources)
      of.scrapes.push_back(&families_->scrape.Add({{"service", key}, {"source", source.name}}, kFast));
  }
  of.scrapes[scrape.source]->Observe(to_seconds(scrape.arrived - scrape.t));
}

void Telemetry::samples_dropped(const std::string& reason, double count) {
  families_->dropped.Add({{"reason", reason}}).Increment(count);
}
void Telemetry::journal_commit(Duration took) { families_->commit.Observe(to_seconds(took)); }
void Telemetry::loop_lag(Duration lag) { families_->lag.Observe(to_seconds(lag)); }

void Telemetry::count_delivery(const Payload& payload, const State& state) {
  if (const auto* finished = std::get_if<DeploymentFinished>(&payload)) {
    const DeploymentState* d = state.deployment(finished->id);
    if (d && d->rolls_back.empty()) ++families_->delivered[d->service].deployments;
  } else if (const auto* started = std::get_if<RollbackStarted>(&payload)) {
    const DeploymentState* d = state.deployment(started->deployment);
    if (d && d->finished != Time{} && families_->failed.insert(d->id).second) ++families_->delivered[d->service].failed;
  } else if (const auto* over = std::get_if<DeploymentEnded>(&payload)) {
    const DeploymentState* d = state.deployment(over->id);
    if (!d || !d->rollback || d->finished == Time{} || over->outcome != name_of(Phase::rolled_back_verified)) return;
    Time opened{}; // the first of its incidents
    for (const auto& [id, incident] : state.incidents)
      if (incident.deployment == d->id && (opened == Time{} || incident.opened < opened)) opened = incident.opened;
    if (opened != Time{} && d->ended >= opened)
      families_->recovery.Add({{"service", d->service}}, kLong).Observe(to_seconds(d->ended - opened));
  }
}

void Telemetry::on_record(const Payload& payload, const State& state, Time now) {
  count_delivery(payload, state);
  if (const auto* made = std::get_if<DecisionMade>(&payload); made && made->decision == "RollBack") {
    for (const std::string& rule : made->rules) {
      families_->detected.Add({{"service", made->service}, {"rule", rule}}).Increment();
      if (made->status == "enforced") families_->enforced.Add({{"service", made->service}, {"rule", rule}}).Increment();
    }
    if (made->sample_arrived != Time{}) families_->deciding_sample[made->deployment] = made->sample_arrived;
  } else if (const auto* intended = std::get_if<StepIntended>(&payload)) {
    families_->step_names[intended->deployment + intended->procedure + intended->path] = intended->name;
    const auto it = families_->deciding_sample.find(intended->deployment);
    if (it != families_->deciding_sample.end() && intended->purpose == "run") {
      families_->detection.Observe(to_seconds(now - it->second));
      families_->deciding_sample.erase(it);
    }
  } else if (const auto* ended = std::get_if<StepEnded>(&payload)) {
    const std::string name = families_->step_names[ended->deployment + ended->procedure + ended->path];
    const std::string result = attempt_end(*ended) == AttemptEnd::succeeded ? "succeeded" : ended->end;
    families_->step
        .Add({{"procedure", ended->procedure}, {"step", name.empty() ? ended->path : name}, {"result", result}}, kSlow)
        .Observe(to_seconds(ended->took));
  } else if (const auto* over = std::get_if<DeploymentEnded>(&payload)) {
    const DeploymentState* d = state.deployment(over->id);
    if (!d || !d->rollback) return;
    const auto decision = state.decisions.find(d->last_decision_id);
    const std::string rule = decision == state.decisions.end() || decision->second.made.rules.empty()
                                 ? "ordered"
                                 : decision->second.made.rules.front();
    families_->rollbacks.Add({{"service", d->service}, {"rule", rule}, {"result", over->outcome}}).Increment();
    std::erase_if(families_->step_names, [&](const auto& e) { return e.first.starts_with(over->id + "rollback"); });
  } else if (const auto* notice = std::get_if<NoticeEnded>(&payload)) {
    const std::string channel = notice->key.substr(notice->key.rfind('/') + 1);
    families_->notices.Add({{"channel", channel}, {"result", notice->delivered ? "delivered" : "given_up"}})
        .Increment();
  }
}

void Telemetry::Families::update_deadman(const Deadman::Health& health) {
  Gauge& ok = deadman.Add({});
  health.configured ? ok.Set(health.well() ? 1 : 0) : deadman.Remove(&ok);
  if (!health.configured) return;
  for (const auto& [result, count] : {std::pair{"taken", health.taken}, std::pair{"failed", health.failed}}) {
    Counter& pings = deadman_pings.Add({{"result", result}});
    pings.Increment(std::max(0.0, static_cast<double>(count) - pings.Value()));
  }
}

std::string Telemetry::expose(const App& app) {
  families_->acts.Add({}).Set(app.degraded().empty() ? 1 : 0);
  families_->config_refused.Add({}).Set(app.config_faults().empty() ? 0 : 1);
  if (app.deadman) families_->update_deadman(app.deadman->health());
  families_->waiting_notices.Add({}).Set(static_cast<double>(app.state().outbox.size()));
  ServiceFamilies services;
  for (const auto& [key, watch] : app.watches()) {
    const auto counts = families_->delivered.find(key);
    services.add(app, key, *watch, counts == families_->delivered.end() ? DeliveryCounts{} : counts->second);
  }
  return prometheus::TextSerializer().Serialize(families_->registry.Collect()) + services.text();
}

} // namespace backstop
