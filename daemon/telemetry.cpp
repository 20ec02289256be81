#include "daemon/telemetry.hpp"
#include "daemon/deadman.hpp"
#include <algorithm>
#include <array>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

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
constexpr Name kStep{"backstop_step_duration_seconds", "how long steps took, by result"};
constexpr Name kNotices{"backstop_notices_total", "notices that reached their end, by result"};
constexpr Name kWaitingNotices{"backstop_notices_undelivered", "notices in the outbox"};
constexpr Name kCommit{"backstop_journal_commit_seconds", "how long a commit of the journal took"};
constexpr Name kLag{"backstop_loop_lag_seconds", "how late the loop's timer ran"};
constexpr Name kDetection{"backstop_detection_to_step_seconds",
                          "from the deciding sample's arrival to the start of the first step"};

const Histogram::BucketBoundaries kFast{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5};
const Histogram::BucketBoundaries kSlow{0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};

constexpr std::array kPhases{Phase::requested,       Phase::gated,     Phase::deploying,  Phase::watching,
                             Phase::rolling_back,    Phase::succeeded, Phase::undecided,  Phase::rolled_back_verified,
                             Phase::rollback_failed, Phase::aborted,   Phase::superseded, Phase::refused};

std::string short_name(const std::string& key) { return key.substr(0, key.find('/')); }
std::string environment(const std::string& key) {
  return key.find('/') == std::string::npos ? "" : key.substr(key.find('/') + 1);
}

std::optional<double> band_edge(const Row& row, const Band& band) { return row.higher_is_worse ? band.low : band.high; }

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
  Family<Gauge>& state = gauge(kState);
  Family<Gauge>& reading = gauge(kReading);
  Family<Gauge>& threshold = gauge(kThreshold);
  Family<Gauge>& level = gauge(kLevel);
  Family<Gauge>& evidence = gauge(kEvidence);
  Family<Gauge>& source_up = gauge(kSourceUp);
  Family<Histogram>& scrape = histogram(kScrape);
  Family<Counter>& dropped = counter(kDropped);
  Family<Counter>& detected = counter(kDetected);
  Family<Counter>& enforced = counter(kEnforced);
  Family<Counter>& rollbacks = counter(kRollbacks);
  Family<Histogram>& step = histogram(kStep);
  Family<Counter>& notices = counter(kNotices);
  Family<Gauge>& waiting_notices = gauge(kWaitingNotices);
  Family<Histogram>& commit = histogram(kCommit);
  Family<Histogram>& lag = histogram(kLag);
  Family<Histogram>& detection = histogram(kDetection);
  std::map<std::string, Time> deciding_sample; ///< of rollbacks whose first step has not started yet, by deployment
  std::map<std::string, std::string> step_names;

  void update_service(const App& app, const std::string& key, const ServiceWatch& watch);
  void update_deadman(const Deadman::Health& health);
  void update_readings(const std::string& key, const ServiceWatch& watch);
};

Telemetry::Telemetry(const std::string& version) : families_(std::make_unique<Families>()) {
  families_->build_info.Add({{"version", version}}).Set(1);
  families_->commit.Add({}, kFast);
  families_->lag.Add({}, kFast);
  families_->detection.Add({}, kFast);
}
Telemetry::~Telemetry() = default;

void Telemetry::on_scrape(const ServiceWatch& watch, const Scrape& scrape) {
  const std::string& source = watch.config.sources[scrape.source].name;
  families_->scrape.Add({{"service", watch.config.key()}, {"source", source}}, kFast)
      .Observe(to_seconds(scrape.arrived - scrape.t));
}

void Telemetry::samples_dropped(const std::string& reason, double count) {
  families_->dropped.Add({{"reason", reason}}).Increment(count);
}
void Telemetry::journal_commit(Duration took) { families_->commit.Add({}, kFast).Observe(to_seconds(took)); }
void Telemetry::loop_lag(Duration lag) { families_->lag.Add({}, kFast).Observe(to_seconds(lag)); }

void Telemetry::on_record(const Payload& payload, const State& state, Time now) {
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
      families_->detection.Add({}, kFast).Observe(to_seconds(now - it->second));
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

void Telemetry::Families::update_readings(const std::string& key, const ServiceWatch& watch) {
  for (const Reading& r : watch.last.readings) {
    Gauge& g = reading.Add({{"service", key}, {"indicator", watch.watch.spec().indicators[r.indicator].name}});
    r.usable() ? g.Set(r.value) : reading.Remove(&g);
  }
  for (const Verdict& v : watch.last.verdicts) {
    level.Add({{"service", key}, {"indicator", v.rule}}).Set(static_cast<double>(v.level));
    const double held = v.held == Duration{} ? 0 : v.held >= v.needed ? 1 : to_seconds(v.held) / to_seconds(v.needed);
    evidence.Add({{"service", key}, {"rule", v.rule}}).Set(held);
  }
  for (const Row& row : watch.watch.spec().table.rows) {
    for (const auto& [band, name] : {std::pair{&row.alert, "alert"}, std::pair{&row.critical, "critical"}}) {
      if (const auto edge = band_edge(row, *band)) {
        threshold.Add({{"service", key}, {"indicator", row.name}, {"band", name}}).Set(*edge);
      }
    }
  }
}

void Telemetry::Families::update_service(const App& app, const std::string& key, const ServiceWatch& watch) {
  update_readings(key, watch);
  for (std::size_t i = 0; i < watch.sources.size(); ++i) {
    bool up = true; // a source without a target has one that fails
    for (std::uint32_t place = 0; place < watch.sources[i].size(); ++place)
      up = up && (!watch.places[i].present(place) || watch.sources[i][place].up);
    source_up.Add({{"service", key}, {"source", watch.config.sources[i].name}}).Set(up ? 1 : 0);
  }
  const DeploymentState* newest = nullptr;
  for (auto it = app.state().deployment_order.rbegin(); it != app.state().deployment_order.rend() && !newest; ++it) {
    const DeploymentState* d = app.state().deployment(*it);
    if (d && d->service == key && d->rolls_back.empty()) newest = d;
  }
  for (const Phase phase : kPhases) {
    state.Add({{"service", short_name(key)}, {"environment", environment(key)}, {"state", std::string(name_of(phase))}})
        .Set(newest && newest->phase == phase ? 1 : 0);
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
  for (const auto& [key, watch] : app.watches()) families_->update_service(app, key, *watch);
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

} // namespace backstop
