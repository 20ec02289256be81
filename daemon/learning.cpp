#include "daemon/learning.hpp"
#include <algorithm>
#include <vector>

namespace backstop {
namespace {

bool may_learn(const ServiceWatch& watch) {
  const config::Judge& judge = watch.config.judge;
  return judge.kind == config::JudgeKind::sequential && judge.learn != config::Learn::off;
}

Duration slowest(const ServiceWatch& watch) {
  Duration slowest{};
  for (const config::Source& source : watch.config.sources) slowest = std::max(slowest, source.interval);
  return slowest;
}

} // namespace

void learn_from(ServiceWatch& watch, const DeploymentState& d, Time now) {
  if (d.phase != Phase::watching || d.verified_good || !may_learn(watch)) return;
  double evidence = 0;
  for (const Verdict& v : watch.last.verdicts) {
    if (v.mode != Mode::observe && v.evidence && v.evidence_needed > 0)
      evidence = std::max(evidence, *v.evidence / v.evidence_needed);
  }
  watch.settling.add(d.finished, now, evidence, watch.config.judge.warm_up,
                     judge_in_force(watch.config, &d).sequential.sustain);
}

VersionVerifiedGood verified_good(const ServiceWatch& watch, const DeploymentState& d) {
  VersionVerifiedGood good{d.id, d.service, d.version, {}};
  const SettlingWatch::State& measured = watch.settling.state();
  const bool quiet = d.incident.empty() && d.preexisting.empty() && d.watched_from == Time{};
  if (may_learn(watch) && quiet && measured.finished == d.finished && !measured.starting)
    good.settled.push_back({measured.seen.start, measured.seen.breach});
  return good;
}

std::optional<LearnedTimes> learned_by(const State& state, const ServiceWatch& watch) {
  const ServiceState* service = state.service(watch.key);
  if (!service || !may_learn(watch)) return {};
  const std::vector<Settling> seen(service->settled.begin(), service->settled.end());
  return learned_times(seen, slowest(watch));
}

void set_judge_times(DeploymentBegun& begun, const State& state, const ServiceWatch& watch) {
  const config::Judge& judge = watch.config.judge;
  begun.warm_up = judge.warm_up;
  if (judge.kind != config::JudgeKind::sequential) return;
  begun.sustain = judge.sequential.sustain;
  if (judge.learn != config::Learn::use) return;
  if (const std::optional<LearnedTimes> learned = learned_by(state, watch)) {
    begun.warm_up = learned->warm_up;
    begun.sustain = learned->sustain;
    begun.learned_from = static_cast<std::int64_t>(learned->deployments);
  }
}

config::Judge judge_in_force(const config::Service& service, const DeploymentState* d) {
  config::Judge judge = service.judge;
  if (d && d->learned_from > 0) {
    judge.warm_up = d->warm_up;
    judge.sequential.sustain = d->sustain;
  }
  return judge;
}

} // namespace backstop
