#include "daemon/replay/replay.hpp"
#include "daemon/app.hpp"
#include "daemon/config/compile.hpp"
#include "daemon/deciding.hpp"
#include "daemon/replay/decision_log.hpp"
#include "daemon/replay/first_targets.hpp"
#include "daemon/replay/memory_journal.hpp"
#include "daemon/replay/recorded_samples.hpp"
#include "daemon/replay/virtual_seams.hpp"
#include "daemon/target_records.hpp"
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace backstop::replay {
namespace {

constexpr const char* kPreviousVersion = "previous";
constexpr const char* kActor = "replay";
constexpr int kTicksAtOnce = 64; ///< far more than things that can be due at one time

std::string seconds_text(Time t) {
  std::string text = std::to_string(to_seconds(t.time_since_epoch()));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// `service` without what needs the host or a person, and with the targets that the recording tells of.
config::Service made_virtual(config::Service service, const Recording& recording) {
  service.mode = Mode::automatic;
  service.running_version.reset();
  service.running_version_link.clear();
  service.detect = {};
  service.plan = {}; // the recording tells what became of it
  service.traffic.reset();
  service.gates.reset();
  for (config::Step& step : service.rollback) {
    if (auto* run = std::get_if<config::RunStep>(&step.kind)) {
      run->check.reset();
      run->preflight.reset();
    }
  }
  const auto asks_nobody = [](Mode& mode) { mode = mode == Mode::confirm ? Mode::automatic : mode; };
  for (config::RowConfig& row : service.rows) asks_nobody(row.row.mode);
  for (config::CriterionConfig& criterion : service.criteria) asks_nobody(criterion.mode);
  for (std::size_t i = 0; i < service.sources.size(); ++i) {
    if (auto* list = config::targets_of(service.sources[i]); list && !list->discovers())
      list->targets.resize(recording.targets[i]);
  }
  return service;
}

/// One for whatever is said to nobody in particular, and each that a step names.
std::vector<config::Channel> channels_of(const config::Service& service) {
  std::set<std::string> names{"everybody"};
  for (const config::Step& step : service.rollback) {
    if (const auto* notify = std::get_if<config::NotifyStep>(&step.kind))
      names.insert(notify->to.begin(), notify->to.end());
  }
  std::vector<config::Channel> channels;
  for (const std::string& name : names) channels.emplace_back().name = name;
  return channels;
}

/// An App, its world, and its clock.
class VirtualDaemon {
public:
  VirtualDaemon(config::Service service, const Request& request, const Recording& recording, Outcome& outcome)
      : service_(std::move(service)), onlooker_(request.onlooker), frozen_(request.frozen), recording_(recording),
        first_targets_(first_targets(service_, request, recording)), outcome_(outcome), steps_(onlooker_ != nullptr) {}

  void start(Time now) {
    config::Config config;
    config.services = {std::make_shared<const config::Service>(service_)};
    if (onlooker_)
      config.daemon.channels = channels_of(service_);
    else
      config.daemon.limits.concurrent_rollbacks = 0; // a rollback that would be carried out waits for ever
    App::Seams seams{journal_, recorder_, steps_, notifier_, log_, [](const std::string& path) -> Result<std::string> {
                       return fail(Errc::not_found, path + ": is not read in a replay");
                     }};
    const auto frozen = [this](const std::string&, const std::string&) -> Result<config::Service> { return service_; };
    app_ = std::make_unique<App>(std::move(config), seams, frozen, "boot " + std::to_string(boot_));
    if (frozen_) app_->on_freeze = [this](DeploymentBegun& begun) { put_in_frozen(begun); };
    app_->on_durable = [this](const Record& record, const Payload& payload) { note(record, payload); };
    (void)app_->load().ok(); // a journal in memory reads back
    app_->resume(now, BACKSTOP_VERSION, Duration{});
    if (now_ != Time{}) return;
    for (const auto& [source, targets] : first_targets_) app_->on_targets(service_.key(), source, {targets, ""}, now);
  }
  void found(const TargetsChanged& change, Time now) {
    now_ = now;
    if (!app_ || change.service != service_.key()) return;
    const ServiceState* known = app_->state().service(change.service);
    std::vector<config::TargetConfig> targets;
    if (known && known->targets.contains(change.source)) targets = known->targets.at(change.source);
    change_targets(change, targets);
    app_->on_targets(change.service, change.source, {std::move(targets), ""}, now);
  }
  void become(Event::Daemon what, Time now) {
    now_ = now;
    if (app_) app_->on_stop(now);
    if (what == Event::Daemon::stops) return app_.reset();
    if (what == Event::Daemon::rebooted) ++boot_;
    start(now);
  }

  /// What is due before `t`, in order.
  void tick_before(Time t) {
    for (int n = 0; app_ && n < kTicksAtOnce && app_->next_due() < t;) {
      const Time due = std::max(now_, app_->next_due());
      n = due == now_ ? n + 1 : 0;
      now_ = due;
      app_->on_tick(now_);
    }
    now_ = std::max(now_, t);
  }
  void tick_at(Time t) {
    tick_before(t);
    for (int n = 0; app_ && n < kTicksAtOnce && app_->next_due() <= t; ++n) app_->on_tick(t);
  }
  void scrape(const Scrape& scrape) {
    if (!app_) return;
    const config::TargetList* list = config::targets_of(service_.sources[scrape.source]);
    const auto watch = app_->watches().find(service_.key());
    if (!list || !list->discovers() || watch == app_->watches().end())
      return app_->on_scrape(service_.key(), scrape, now_);
    // Where targets come and go, the recording has other places for them than the watch.
    const std::optional<std::uint32_t> place =
        watch->second->places[scrape.source].place_of(recording_.names[scrape.source][scrape.target]);
    if (!place) return;
    Scrape moved = scrape;
    moved.target = *place;
    app_->on_scrape(service_.key(), moved, now_);
  }
  Status command(Command command, const std::string& actor) {
    if (!app_) return fail(Errc::invalid, "at " + shown(now_) + ": a command while no daemon ran");
    if (auto* finish = std::get_if<FinishDeployment>(&command)) finish->id = newest_id();
    if (auto* abort = std::get_if<AbortDeployment>(&command)) abort->id = newest_id();
    const Reply reply = app_->on_command(command, actor, now_);
    if (reply.ok) return {};
    return fail(Errc::invalid, "at " + shown(now_) + ": " + reply.what + ": " + reply.why + " (" + reply.how + ")");
  }

  [[nodiscard]] const DeploymentState* newest() const {
    if (!app_) return nullptr;
    const State& state = app_->state();
    return state.deployment_order.empty() ? nullptr : state.deployment(state.deployment_order.back());
  }
  [[nodiscard]] bool rolled_back() const { return rolled_back_; }
  void look(Time t) const {
    if (!app_) return;
    if (const auto watch = app_->watches().find(service_.key()); watch != app_->watches().end())
      onlooker_->on_look(t, *watch->second);
  }

private:
  [[nodiscard]] std::string shown(Time t) const { return onlooker_ ? onlooker_->show_time(t) : seconds_text(t); }
  void put_in_frozen(DeploymentBegun& begun) const {
    for (FrozenBaseline& baseline : begun.baselines) {
      const auto same = std::find_if(frozen_->baselines.begin(), frozen_->baselines.end(),
                                     [&](const FrozenBaseline& f) { return f.indicator == baseline.indicator; });
      if (same != frozen_->baselines.end()) baseline = *same;
    }
    if (begun.lines.size() == frozen_->lines.size()) begun.lines = frozen_->lines;
    if (frozen_->learned_from == 0) return;
    begun.warm_up = frozen_->warm_up;
    begun.sustain = frozen_->sustain;
    begun.learned_from = frozen_->learned_from;
  }
  [[nodiscard]] std::string newest_id() const { return newest() ? newest()->id : "(none)"; }
  void note(const Record& record, const Payload& payload) {
    begun_ = begun_ || std::holds_alternative<DeploymentBegun>(payload);
    const std::string line = decisions_.line_of(record, payload);
    if (begun_ || !frozen_) outcome_.log += line;
    const auto* made = std::get_if<DecisionMade>(&payload);
    const std::string_view acted = onlooker_ ? "enforced" : "waiting";
    rolled_back_ = rolled_back_ || (made && made->decision == "RollBack" && made->status == acted);
    if (onlooker_) onlooker_->on_record(record, payload);
  }

  config::Service service_;
  const Onlooker* onlooker_;
  const std::optional<DeploymentBegun>& frozen_;
  const Recording& recording_;
  std::map<std::string, std::vector<config::TargetConfig>> first_targets_; ///< by source
  Outcome& outcome_;
  MemoryJournal journal_;
  NewestValues recorder_;
  NoSteps steps_;
  DeliveredAtOnce notifier_;
  NoLog log_;
  DecisionLog decisions_;
  std::unique_ptr<App> app_;
  Time now_{};
  int boot_ = 1;
  bool begun_ = false;
  bool rolled_back_ = false;
};

/// The version that is there before the first event.
std::string version_before(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (!event.command) continue;
    if (const auto* begin = std::get_if<BeginDeployment>(&*event.command); begin && !begin->previous.empty())
      return begin->previous;
  }
  return kPreviousVersion;
}

Status check_times(const Request& request, const Recording& recording) {
  const Time first = recording.scrapes.front().arrived, last = recording.scrapes.back().arrived;
  const auto begin = std::find_if(request.events.begin(), request.events.end(), [](const Event& event) {
    return event.command && std::holds_alternative<BeginDeployment>(*event.command);
  });
  if (begin == request.events.end()) return fail(Errc::invalid, "no event begins a deployment");
  const std::string span =
      request.samples_file + " has samples from " + seconds_text(first) + " to " + seconds_text(last);
  for (const Event* event : {&request.events.front(), &*begin}) {
    if (event->t <= first)
      return fail(Errc::invalid, "the deployment, or an event, at " + seconds_text(event->t) +
                                     " is not after the first sample: " + span +
                                     " (the baseline comes from what is before it)");
  }
  if (begin->t > last)
    return fail(Errc::invalid, "the deployment at " + seconds_text(begin->t) + " is after the last sample: " + span);
  if (request.end && *request.end < begin->t)
    return fail(Errc::invalid,
                "the end at " + seconds_text(*request.end) + " is before the deployment at " + seconds_text(begin->t));
  return {};
}

/// Runs until the end, or until nothing is left to be decided.
Status run(const Request& request, const Recording& recording, VirtualDaemon& daemon, Outcome& outcome) {
  auto event = request.events.begin();
  auto scrape = recording.scrapes.begin();
  const std::vector<Time> looks = request.onlooker ? request.onlooker->looks : std::vector<Time>{};
  auto look = looks.begin();
  const auto over = [&] {
    if (request.go_on) return false;
    if (daemon.rolled_back()) return true;
    if (request.onlooker) return false;
    return event == request.events.end() && daemon.newest() && is_final(daemon.newest()->phase);
  };
  while (!over()) {
    Time t = kNever;
    if (event != request.events.end()) t = event->t;
    if (scrape != recording.scrapes.end()) t = std::min(t, scrape->arrived);
    if (look != looks.end()) t = std::min(t, *look);
    if (t > outcome.last) break;
    daemon.tick_before(t);
    for (; event != request.events.end() && event->t == t && !over(); ++event) {
      if (event->targets) {
        daemon.found(*event->targets, t);
      } else if (!event->command) {
        daemon.become(event->daemon, t);
      } else if (Status done = daemon.command(*event->command, event->actor); !done) {
        return done;
      }
    }
    for (; scrape != recording.scrapes.end() && scrape->arrived == t && !over(); ++scrape) {
      daemon.scrape(*scrape);
      ++outcome.scrapes;
    }
    if (!over()) daemon.tick_at(t);
    for (; look != looks.end() && *look == t; ++look) daemon.look(t);
  }
  if (!over()) daemon.tick_at(outcome.last);
  return {};
}

} // namespace

Result<Outcome> replay(const Request& request) {
  const Result<config::CompiledService> compiled = config::compile(request.service);
  if (!compiled) return compiled.error();
  const Result<Recording> recording = read_recording(request.samples, request.samples_file, request.service, *compiled);
  if (!recording) return recording.error();
  return replay(request, *recording);
}

Result<Outcome> replay(const Request& request, const Recording& recording) {
  if (Status s = check_times(request, recording); !s) return s.error();

  Outcome outcome;
  outcome.first = recording.scrapes.front().arrived;
  outcome.last = request.end.value_or(recording.scrapes.back().arrived);
  outcome.dropped = recording.dropped;
  VirtualDaemon daemon(made_virtual(request.service, recording), request, recording, outcome);
  daemon.start(outcome.first);
  daemon.tick_before(outcome.first);
  if (Status s = daemon.command(Adopt{request.service.key(), version_before(request.events), "replayed"}, kActor); !s)
    return s.error();
  if (Status s = run(request, recording, daemon, outcome); !s) return s.error();

  const DeploymentState* newest = daemon.newest();
  outcome.watched_until = newest ? window_of(*newest).bake_end() : kNever;
  if (daemon.rolled_back())
    outcome.end = Outcome::End::rolled_back;
  else if (newest &&
           (newest->phase == Phase::undecided || (!is_final(newest->phase) && newest->last_decision == "RollBack")))
    outcome.end = Outcome::End::undecided;
  return outcome;
}

} // namespace backstop::replay
