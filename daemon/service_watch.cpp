#include "daemon/service_watch.hpp"
#include "daemon/codec.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

WatchSpec spec_of(const config::Service& config, const config::CompiledService& compiled) {
  WatchSpec spec;
  spec.indicators = compiled.indicators;
  for (const IndicatorSpec& indicator : compiled.indicators) {
    const std::uint32_t source = std::visit([](const auto& kind) { return kind.source; }, indicator.kind);
    spec.intervals.push_back(config.sources[source].interval);
    spec.facts.push_back(std::holds_alternative<config::SystemdSource>(config.sources[source].kind));
  }
  spec.table = compiled.table;
  spec.baseline = config.baseline;
  if (config.judge.kind == config::JudgeKind::sequential) spec.sequential = config.judge.sequential;
  return spec;
}

} // namespace

ServiceWatch::ServiceWatch(std::shared_ptr<const config::Service> configuration,
                           config::CompiledService compiled_service)
    : shared_config(std::move(configuration)), config(*shared_config), key(config.key()),
      compiled(std::move(compiled_service)), watch(spec_of(config, compiled)), signs(config, compiled) {
  for (const config::Source& source : config.sources) {
    places.emplace_back(source);
    sources.emplace_back(places.back().size());
  }
  not_found.resize(config.sources.size());
}

TargetPlaces::Change ServiceWatch::set_targets(std::uint32_t source, const std::vector<config::TargetConfig>& found,
                                               Time now) {
  TargetPlaces::Change change = places[source].set(found, now);
  sources[source].resize(places[source].size());
  for (const std::uint32_t place : change.left) {
    watch.target_left(source, place);
    signs.forget_version(source, place);
  }
  for (const std::uint32_t place : change.replaced) {
    watch.forget_target(source, place);
    signs.forget_series(source, place);
    sources[source][place] = SourceHealth{};
  }
  if (!change.none()) judge_source(source);
  return change;
}

void ServiceWatch::judge_side(const std::string& side, const std::string& against) {
  if (side == side_ && against == against_) return;
  side_ = side;
  against_ = against;
  for (std::uint32_t i = 0; i < places.size(); ++i) judge_source(i);
}

bool ServiceWatch::judges(std::uint32_t source, std::uint32_t place) const {
  if (side_.empty()) return true;
  const std::vector<std::uint32_t> judged = places[source].with(config::kSideLabel, side_);
  return judged.empty() || std::find(judged.begin(), judged.end(), place) != judged.end();
}

void ServiceWatch::judge_source(std::uint32_t source) {
  const auto on = [&](const char* label, const std::string& value) { return places[source].with(label, value); };
  watch.set_judged(source, side_.empty() ? std::vector<std::uint32_t>{} : on(config::kSideLabel, side_));
  if (against_.empty())
    watch.set_groups(source, on(config::kGroupLabel, config::kCanaryGroup),
                     on(config::kGroupLabel, config::kControlGroup));
  else
    watch.set_groups(source, on(config::kSideLabel, side_), on(config::kSideLabel, against_));
}

Evidence evidence_of(const Verdict& verdict, const Watch& watch) {
  Evidence e;
  e.rule = verdict.rule;
  e.indicator = watch.spec().indicators[verdict.indicator].name;
  e.level = name_of(verdict.level);
  e.health = name_of(verdict.health);
  if (verdict.reading.usable()) e.value = verdict.reading.value;
  if (!verdict.limit.empty()) e.threshold = verdict.threshold;
  e.limit = verdict.limit;
  e.baseline = verdict.baseline;
  e.requests = verdict.reading.requests;
  e.numerator = verdict.reading.numerator;
  e.evidence = verdict.evidence;
  e.evidence_needed = verdict.evidence_needed;
  e.scrapes = verdict.reading.scrapes;
  e.window = verdict.reading.window;
  e.held = verdict.held;
  e.needed = verdict.needed;
  e.scraped = verdict.reading.newest;
  e.why = verdict.why;
  return e;
}

FrozenBaseline frozen_of(const IndicatorSpec& indicator, const Baseline& b) {
  return {indicator.name, b.usable,   b.value,
          b.numerator,    b.requests, b.readings,
          b.covers,       b.why,      std::string(name_of(indicator.unit))};
}

FrozenLine frozen_of(const EvidenceLine& l) {
  return {std::string(name_of(l.kind)),
          l.why,
          l.inverted,
          l.gauge.higher_is_worse,
          l.crash_loop,
          l.share.share,
          l.share.wander,
          l.share.bar,
          l.slower_than,
          l.severe_share,
          l.gauge.line,
          l.gauge.scale,
          l.gauge.bar};
}

EvidenceLine line_of(const FrozenLine& f) {
  EvidenceLine l;
  l.kind = evidence_kind_named(f.kind);
  l.why = f.why;
  l.inverted = f.inverted;
  l.share = {f.share, f.wander, f.bar};
  l.crash_loop = static_cast<std::uint32_t>(f.crash_loop);
  l.slower_than = f.slower_than;
  l.severe_share = f.severe_share;
  l.gauge = {f.line, f.scale, f.gauge_bar, f.higher_is_worse};
  return l;
}

void judge_by(Watch& watch, const std::vector<FrozenBaseline>& baselines, const std::vector<FrozenLine>& lines,
              Duration sustain) {
  std::vector<Baseline> all;
  for (const FrozenBaseline& f : baselines) all.push_back(baseline_of(f));
  watch.set_baselines(std::move(all));
  std::vector<EvidenceLine> drawn;
  for (const FrozenLine& f : lines) drawn.push_back(line_of(f));
  watch.set_sustain(sustain);
  watch.set_lines(std::move(drawn));
}

Baseline baseline_of(const FrozenBaseline& f) {
  return {f.usable, f.value, f.numerator, f.requests, static_cast<std::uint32_t>(f.readings), f.covers, f.why};
}

} // namespace backstop
