#include "daemon/game_day.hpp"
#include "daemon/operator.hpp"
#include "daemon/procedures.hpp"
#include "daemon/step_order.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

using Act = StepOrder::Act;

constexpr const char* kProcedure = "game-day";

std::string how_it_ended(const StepOutcome& outcome) {
  StepEnded ended;
  ended.end = name_of(outcome.end);
  ended.status = outcome.status;
  ended.detail = outcome.detail;
  return describe(ended);
}

std::string kind_of(const config::Step& step) {
  if (std::holds_alternative<config::NotifyStep>(step.kind)) return "notify";
  if (std::holds_alternative<config::WatchStep>(step.kind)) return "watch";
  return std::holds_alternative<config::RunStep>(step.kind) ? "run" : "review";
}

void add_why(GameDayHeld& held, const std::string& why) {
  held.works = false;
  held.why += (held.why.empty() ? "" : "; ") + why;
}

bool has_run_step(const config::Service& service) {
  return std::any_of(service.rollback.begin(), service.rollback.end(),
                     [](const config::Step& s) { return std::holds_alternative<config::RunStep>(s.kind); });
}

bool has_preflight(const config::Service& service) {
  return std::any_of(service.rollback.begin(), service.rollback.end(), [](const config::Step& s) {
    const auto* run = std::get_if<config::RunStep>(&s.kind);
    return run && run->preflight;
  });
}

/// What stands in the way before anything is asked.
void look(GameDayHeld& held, const State& state, const ServiceWatch& watch) {
  const std::string& key = held.service;
  const ServiceState* s = state.service(key);
  const DeploymentState* d = state.active(key);
  if (held.version.empty()) add_why(held, "it is not known which version runs");
  if (d && d->irreversible) add_why(held, d->id + " was begun as irreversible");
  if (held.target.empty())
    add_why(held, "there is no known good version to go back to");
  else if (s && s->quarantine.contains(held.target))
    add_why(held, held.target + " is quarantined: " + s->quarantine.at(held.target));
  if (s && !s->locked_by.empty()) add_why(held, "the service is LOCKED: " + s->locked_why);
  if (!watch.steps_fault.empty()) add_why(held, "its steps cannot run: " + watch.steps_fault);
  if (!has_run_step(watch.config))
    add_why(held, "the rollback has no step that runs anything");
  else if (!has_preflight(watch.config))
    add_why(held, "no step has a preflight, so nothing proves that " +
                      (held.target.empty() ? "the version" : held.target) + " is still there");
}

} // namespace

GameDays::GameDays(Ledger& ledger, StepRunner& steps, Notifier& notifier, ServiceWatches& watches,
                   const config::Config& config, Executor::ReadLink read_link)
    : ledger_(ledger), steps_(steps), notifier_(notifier), watches_(watches), config_(config),
      read_link_(std::move(read_link)) {}

const Json& GameDays::result(const std::string& id) const {
  static const Json none;
  const auto it = results_.find(id);
  return it == results_.end() ? none : it->second;
}

Reply GameDays::begin(const std::string& key, bool channels, const std::string& actor, Time now) {
  now_ = now;
  const State& state = ledger_.state();
  const ServiceState* s = state.service(key);
  const DeploymentState* d = state.active(key);
  if (d && d->phase == Phase::rolling_back)
    return refusal("conflict", "game day of " + key, d->id + " is being rolled back",
                   "wait for its end: `backstopctl deploy wait " + d->id + "`");
  if (const auto old = newest_.find(key); old != newest_.end()) {
    if (running_.contains(old->second))
      return refusal("conflict", "game day of " + key, "another one is under way", "wait a moment and try again");
    results_.erase(old->second);
  }
  const std::string id = "G" + std::to_string(next_++);
  newest_[key] = id;
  const ServiceWatch& watch = *watches_.at(key);
  Running& day = running_[id];
  day.actor = actor;
  day.held.service = key;
  day.held.works = true;
  day.held.version = d ? d->version : s ? s->version : "";
  day.held.target = d ? d->previous : state.rollback_target(key, day.held.version);
  look(day.held, state, watch);
  const StepOrder order{Act::run,
                        key,
                        watch.config.hash,
                        "",
                        {{"version", day.held.version},
                         {"previous_version", day.held.target},
                         {"deployment", d ? d->id : "D" + std::to_string(state.next_deployment)},
                         {"incident", d && !d->incident.empty() ? d->incident : ""},
                         {"reason", one_line("game day by " + actor)}}};
  plan(day, watch.config, order);
  // Without both versions the questions would be about nothing.
  if (!day.held.version.empty() && !day.held.target.empty() && watch.steps_fault.empty())
    ask(id, watch.config, order, now);
  if (channels) tell_channels(id);
  end_if_over(id, now);
  Reply reply;
  reply.id = id;
  return reply;
}

void GameDays::plan(Running& day, const config::Service& service, const StepOrder& any) {
  for (const config::Step& step : service.rollback) {
    GameDayStep planned{step.path, step.name, kind_of(step), {}, ""};
    if (const auto* run = std::get_if<config::RunStep>(&step.kind)) {
      StepOrder order = any;
      order.step = step.path;
      const Result<StepCommand> command = command_for(service, order);
      if (command) planned.argv = command->argv;
      planned.user = run->user;
    }
    day.held.steps.push_back(std::move(planned));
  }
}

void GameDays::ask(const std::string& id, const config::Service& service, const StepOrder& any, Time now) {
  ask_version(id, service, any, now);
  for (const config::Step& step : service.rollback) {
    for (const Act act : {Act::preflight, Act::check}) {
      StepOrder order = any;
      order.act = act;
      order.step = step.path;
      Result<StepCommand> command = command_for(service, order);
      if (!command) continue; // it has none
      Running& day = running_.at(id);
      const StepKey key{"game-day-" + std::to_string(to_us(now)) + "-" + id, kProcedure,
                        step.path + "." + std::string(name_of(act)), 1};
      pose(day, key, {step.path, std::string(name_of(act)), command->argv, "", "", true}, *command);
    }
  }
}

void GameDays::ask_version(const std::string& id, const config::Service& service, const StepOrder& any, Time now) {
  Running& day = running_.at(id);
  StepOutcome outcome;
  outcome.end = StepEnd::exited;
  if (const std::string& link = service.running_version_link; !link.empty()) {
    day.held.questions.push_back({"0", "version", {link}, "", "", true});
    const Result<std::string> target = read_link_(link);
    if (target) outcome.output = version_in(*target);
    outcome.status = target ? 0 : 1;
    outcome.detail = target ? "" : target.error().what;
    return answer(day.held.questions.back(), outcome, day.held);
  }
  StepOrder order = any;
  order.act = Act::version;
  order.step = "0";
  const Result<StepCommand> command = command_for(service, order);
  if (!command) return; // running_version is not configured: a rollback would not ask either
  const StepKey key{"game-day-" + std::to_string(to_us(now)) + "-" + id, kProcedure, "0", 1};
  pose(day, key, {"0", "version", command->argv, "", "", true}, *command);
}

/// Starts a question; one that cannot be started is answered by that.
void GameDays::pose(Running& day, const StepKey& key, GameDayQuestion question, const StepCommand& command) {
  day.held.questions.push_back(std::move(question));
  if (const Status started = steps_.start(key, command); !started) {
    StepOutcome outcome;
    outcome.end = StepEnd::failed_to_start;
    outcome.detail = started.error().what;
    return answer(day.held.questions.back(), outcome, day.held);
  }
  day.asked[key] = day.held.questions.size() - 1;
}

void GameDays::answer(GameDayQuestion& q, const StepOutcome& outcome, const GameDayHeld& held) const {
  q.output = outcome.output.substr(0, 2000);
  if (q.purpose == "version") {
    const std::string running = trimmed(outcome.output);
    q.good = outcome.succeeded() && running == held.version;
    q.answer = !outcome.succeeded() ? "could not be told: " + how_it_ended(outcome)
               : q.good             ? running + " runs"
                                    : "'" + running + "' runs, not " + held.version + ", so nothing would be undone";
  } else if (q.purpose == "preflight") {
    q.good = outcome.succeeded();
    q.answer = q.good ? "it could work" : "it could not work: " + how_it_ended(outcome);
  } else { // a check: both answers are fine
    q.good = outcome.end == StepEnd::exited;
    q.answer = outcome.succeeded() ? "done already" : q.good ? "not done yet" : "no answer: " + how_it_ended(outcome);
  }
}

void GameDays::tell_channels(const std::string& id) {
  const std::size_t channels = config_.daemon.channels.size();
  running_.at(id).telling = channels;
  for (std::size_t i = 0; i < channels; ++i) {
    const config::Channel& channel = config_.daemon.channels[i];
    const GameDayHeld& held = running_.at(id).held;
    const Notice notice{"game-day/" + id + "/" + std::to_string(to_us(now_)) + "/" + channel.name, channel.name, "info",
                        held.service + ": this is a test of the channel " + channel.name + " (game day)",
                        R"({"event":"test"})"};
    notifier_.send(notice, [this, id, name = channel.name](const Delivery& told) {
      const auto it = running_.find(id);
      if (it == running_.end()) return;
      it->second.held.questions.push_back({name,
                                           "channel",
                                           {},
                                           told.status ? "reached" : "not reached: " + told.status.error().what,
                                           "",
                                           told.status.ok()});
      --it->second.telling;
      end_if_over(id, now_);
    });
  }
}

bool GameDays::on_step_finished(const StepKey& key, const StepOutcome& outcome, Time now) {
  if (key.procedure != kProcedure) return false;
  now_ = now;
  steps_.forget(key);
  for (auto& [id, day] : running_) {
    const auto it = day.asked.find(key);
    if (it == day.asked.end()) continue;
    answer(day.held.questions[it->second], outcome, day.held);
    day.asked.erase(it);
    end_if_over(std::string(id), now);
    return true;
  }
  return true; // of a daemon before this one
}

void GameDays::end_if_over(const std::string& id, Time now) {
  const auto it = running_.find(id);
  if (it == running_.end() || !it->second.asked.empty() || it->second.telling > 0) return;
  GameDayHeld held = std::move(it->second.held);
  const std::string actor = it->second.actor;
  running_.erase(it);
  for (const GameDayQuestion& q : held.questions) {
    if (!q.good)
      add_why(held, (q.purpose == "version"   ? "the version that runs: "
                     : q.purpose == "channel" ? "channel " + q.path + ": "
                                              : q.purpose + " of step " + q.path + ": ") +
                        q.answer);
  }
  Json result = encode(held);
  ledger_.add(std::move(held), now, actor);
  ledger_.after_commit([this, id, result = std::move(result)] { results_[id] = result; });
}

} // namespace backstop
