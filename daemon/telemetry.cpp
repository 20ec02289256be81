#include "daemon/telemetry.hpp"
#include "daemon/deadman.hpp"
#include "daemon/procedures.hpp"
#include "daemon/service_metrics.hpp"
#include <algorithm>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace backstop {
namespace {

using namespace metrics;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

const Histogram::BucketBoundaries kFast{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5};
const Histogram::BucketBoundaries kSlow{0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};
/// Up to a day: a person may have to be found.
const Histogram::BucketBoundaries kLong{5, 15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 24 * 3600};

/// Since when each channel takes nothing: its oldest notice that is due and waits.
std::string oldest_notices(const App& app) {
  std::map<std::string_view, Time> oldest; // by channel
  for (const auto& [key, entry] : app.state().outbox) {
    const Time since = std::max(entry.queued, entry.notice.not_before);
    const auto [it, first] = oldest.try_emplace(entry.notice.channel, since);
    if (!first) it->second = std::min(it->second, since);
  }
  FamilyText text(kOldestNotice);
  for (const auto& [channel, since] : oldest) text.add({{"channel", channel}}, to_seconds(since.time_since_epoch()));
  return text.text();
}

} // namespace

struct Telemetry::Families {
  prometheus::Registry registry;
  Family<Gauge>& gauge(const MetricName& n) {
    return prometheus::BuildGauge().Name(n.name).Help(n.help).Register(registry);
  }
  Family<Counter>& counter(const MetricName& n) {
    return prometheus::BuildCounter().Name(n.name).Help(n.help).Register(registry);
  }
  Family<Histogram>& histogram(const MetricName& n) {
    return prometheus::BuildHistogram().Name(n.name).Help(n.help).Register(registry);
  }
  Family<Gauge>& build_info = gauge(kBuildInfo);
  Family<Gauge>& acts = gauge(kActs);
  Family<Gauge>& journal_fault = gauge(kJournalFault);
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

std::string Telemetry::expose(const App& app, Time now) {
  const bool refused = !app.journal_refused().empty();
  families_->acts.Add({}).Set(app.degraded().empty() ? 1 : 0);
  families_->journal_fault.Add({{"fault", "unreadable"}}).Set(refused ? 1 : 0);
  families_->journal_fault.Add({{"fault", "unwritable"}}).Set(!refused && !app.degraded().empty() ? 1 : 0);
  families_->config_refused.Add({}).Set(app.config_faults().empty() ? 0 : 1);
  if (app.deadman) families_->update_deadman(app.deadman->health());
  families_->waiting_notices.Add({}).Set(static_cast<double>(app.state().outbox.size()));
  ServiceMetrics services(app, now);
  for (const auto& [key, watch] : app.watches()) {
    const auto counts = families_->delivered.find(key);
    services.add(key, *watch, counts == families_->delivered.end() ? DeliveryCounts{} : counts->second);
  }
  return prometheus::TextSerializer().Serialize(families_->registry.Collect()) + oldest_notices(app) + services.text();
}

} // namespace backstop
