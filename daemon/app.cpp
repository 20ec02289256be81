#include "daemon/app.hpp"
#include "daemon/incident_care.hpp"
#include "daemon/message_ids.hpp"
#include "daemon/narrate.hpp"
#include "daemon/notice_text.hpp"
#include "daemon/words.hpp"
#include <algorithm>
#include <unordered_map>
#include <utility>

namespace backstop {
namespace {

constexpr Duration kPageRetry = std::chrono::seconds(30);
constexpr Duration kJournalRetry = std::chrono::seconds(1);
constexpr int kSettleRounds = 64; ///< a procedure of instant steps ends long before

void tell_acts_again(Log& log, Executor& executor, const std::string& what) {
  log.write(LogLevel::warning, what + "; the daemon acts", {message_field(Message::journal_writable)});
  executor.outbox().pages_over();
}

} // namespace

App::App(config::Config config, Seams seams, ReadFrozen read_frozen, const std::string& boot)
    : config_(std::move(config)), seams_(seams), ledger_(seams.journal, std::move(read_frozen), boot),
      executor_(ledger_, seams.steps, seams.notifier, watches_, config_, seams.read_link),
      game_days_(ledger_, seams.steps, seams.notifier, watches_, config_, seams.read_link),
      flight_(seams.recorder, seams.log),
      detections_(
          watches_, ledger_.state(),
          {seams.read_link,
           [this](Command command, const std::string& actor, Time now) { return on_command(command, actor, now); },
           [this](const Announcement& announcement, Time now) {
             announce(ledger_, announcement, config_.daemon, {}, now);
             settle(now);
           }}),
      retention_(ledger_, seams.journal) {
  executor_.outbox().on_repeat = [this](const std::string& channel, const std::string& why) {
    why.empty() ? seams_.log.write(LogLevel::info, "channel " + channel + " takes open incidents again", {})
                : seams_.log.write(LogLevel::warning,
                                   "open incidents cannot be told again, and may count as over there: " + why, {});
  };
  ledger_.on_commit = [this] {
    if (on_commit) on_commit();
  };
  ledger_.on_durable = [this](const Record& record, const Payload& payload) {
    log_record(record, payload);
    if (std::holds_alternative<DecisionMade>(payload) || std::holds_alternative<DeploymentEnded>(payload))
      flight_.hurry();
    if (on_durable) on_durable(record, payload);
  };
}

std::string App::degraded() const {
  if (!refused_journal_.empty()) return refused_journal_;
  if (!ledger_.broken().empty()) return "the journal cannot be written: " + ledger_.broken();
  return {};
}

/// One title for one reason: another one is another page.
std::string App::page_title() const { return "backstopd only observes: " + degraded(); }

std::vector<std::string> App::unconfined_steps() const {
  std::vector<std::string> names;
  if (seams_.steps.confines()) return names;
  for (const auto& service : config_.services) {
    const auto look = [&, key = service->key()](const std::vector<config::Step>& steps) {
      for (const config::Step& step : steps) {
        const auto* run = std::get_if<config::RunStep>(&step.kind);
        if (run && !run->confinement.none()) names.push_back(key + " " + step.name);
      }
    };
    look(service->rollback);
    for (const config::PlanPhase& phase : service->plan.phases) look(phase.steps);
  }
  return names;
}

/// What was asked for and is not done must not be left to be found out.
void App::warn_of_unconfined_steps() const {
  if (const std::vector<std::string> names = unconfined_steps(); !names.empty())
    seams_.log.write(LogLevel::warning,
                     "limits and sandbox are not enforced, as steps run as " + std::string(steps_run_as()) + ": " +
                         join(names) + " (backstop-runner.socket would start them as units)",
                     {});
}

/// A deployment is judged by the configuration that it began with; everything else by the newest.
void App::refresh_watches(Time now) {
  ServiceWatches fresh;
  std::unordered_map<std::string, std::string> newest; // hashes, by key
  for (const auto& service : config_.services) newest.emplace(service->key(), service->hash);
  bool changed = false;
  const auto watch = [&](const std::shared_ptr<const config::Service>& wanted) {
    const std::string key = wanted->key();
    const auto old = watches_.find(key);
    if (old != watches_.end() && old->second->config.hash == wanted->hash) {
      fresh[key] = std::move(old->second);
      return;
    }
    changed = true;
    Result<config::CompiledService> compiled = config::compile(*wanted);
    if (!compiled) {
      seams_.log.write(LogLevel::error, key + " is not watched: " + compiled.error().what,
                       {message_field(Message::service_not_watched)});
      return;
    }
    fresh[key] = std::make_unique<ServiceWatch>(wanted, *std::move(compiled));
    fresh[key]->generation = ++generations_;
    restore_targets(*fresh[key], now);
    prepare_watch(*fresh[key], now);
  };
  for (auto& service : config_.services) {
    const std::string key = service->key();
    const DeploymentState* d = state().active(key);
    watch(d && d->config ? d->config : service);
    // What was read again and is as before is not held twice.
    if (const auto kept = fresh.find(key); kept != fresh.end() && kept->second->shared_config->hash == service->hash &&
                                           kept->second->shared_config->file == service->file)
      service = kept->second->shared_config;
  }
  for (const auto& [key, service] : state().services) {
    const DeploymentState* d = state().active(key);
    if (!d || !d->config || newest.contains(key)) continue;
    seams_.log.write(LogLevel::warning, key + " is not configured any more; " + d->id + " is watched to its end",
                     {message_field(Message::service_removed)});
    watch(d->config);
  }
  changed = changed || fresh.size() != watches_.size();
  watches_ = std::move(fresh);
  frozen_.clear();
  for (const auto& [key, kept] : watches_)
    if (const auto now_in_force = newest.find(key);
        now_in_force == newest.end() || now_in_force->second != kept->config.hash)
      frozen_.push_back(key);
  detections_.begin_anew(now);
  if (changed && on_watches_changed) on_watches_changed();
}

Status App::load() {
  const bool again = !refused_journal_.empty();
  refused_journal_.clear();
  watches_.clear(); // what they measured while nothing was known of the deployments is no evidence
  Status read = ledger_.recover();
  if (!read) {
    refused_journal_ = read.error().what;
    seams_.log.write(LogLevel::error, "observe only, nothing will be rolled back: " + refused_journal_,
                     {message_field(Message::observe_only)});
  } else if (again) {
    tell_acts_again(seams_.log, executor_, "the journal can be read and written again");
  }
  return read;
}

void App::resume(Time now, const std::string& version, Duration anchor) {
  refresh_watches(now);
  warn_of_unconfined_steps();
  if (!refused_journal_.empty()) {
    executor_.outbox().page_unrecorded(page_title(), now);
    next_due_ = now + kPageRetry;
    return;
  }
  const bool rebooted = !state().last_boot.empty() && state().last_boot != ledger_.boot();
  ledger_.add(DaemonStarted{version, config_.hash, anchor}, now);
  for (auto& [key, watch] : watches_) note_gap(*watch, rebooted, now);
  page_of_unreadable_files(now);
  executor_.settle_after_restart(now);
  settle(now);
}

/// A deployment goes by the file that it began with. Where this version of backstop does not take that file any more, it can
/// neither judge nor undo: a person must know at once.
void App::page_of_unreadable_files(Time now) {
  std::vector<std::string> lost;
  for (const std::string& id : state().open) {
    const DeploymentState& d = *state().deployment(id);
    if (!d.config && d.rolls_back.empty() && d.begun != Time{}) lost.push_back(id);
  }
  for (const std::string& id : lost) {
    const DeploymentState& d = *state().deployment(id);
    announce(
        ledger_,
        {"unreadable", "critical",
         d.service + " " + d.version + ": the configuration that " + id +
             " began with cannot be read any more: it is not judged, and nothing can be undone; look at it, then " +
             "backstopctl deploy abort " + id,
         d.incident, id},
        config_.daemon, {}, now);
  }
}

void App::on_scrape(const std::string& service, const Scrape& scrape, Time now) {
  const auto it = watches_.find(service);
  if (it == watches_.end()) return;
  ServiceWatch& watch = *it->second;
  // What was over before they came, in order of time as well. All of it is due by next_due_.
  if (refused_journal_.empty() && next_due_ < scrape.arrived) expire(scrape.arrived - Duration{1}, now);
  if (!watch.places[scrape.source].has(scrape.target)) return; // its answer came after it had left
  restore_watch(watch, now);
  judge_due(watch, scrape.arrived, now); // whose timer has not fired yet: in order of time, as in a replay
  watch.watch.observe(scrape);
  if (watch.signs.take(scrape)) detections_.hurry(now);
  SourceHealth& health = watch.sources[scrape.source][scrape.target];
  health.up = scrape.health == ScrapeHealth::ok;
  health.why = scrape.why.empty() ? scrape.note : scrape.why;
  health.took = scrape.arrived - scrape.t - watch.compiled.sources[scrape.source].query_offset;
  ++health.scrapes;
  health.up ? void(health.last_ok = scrape.t) : void(++health.failures);
  watch.last_arrival = scrape.arrived;
  flight_.note(watch, scrape);

  // Judged as of the samples' time, so that a replay of the same samples decides the same.
  judge(watch, {std::max(watch.last.t, scrape.t), scrape.arrived, now});
  if (on_evaluated) on_evaluated(watch, scrape);
  keep_samples(now);
}

/// After everything that is urgent: steps of a rollback that was just decided have begun.
void App::keep_samples(Time now) { flight_.settle(refused_journal_.empty() ? &state() : nullptr, now); }

/// Looked at when something was recorded or its time has come, not with each scrape.
void App::care_for_incidents(Time now) {
  if (state().cared_for.empty()) return;
  if (now >= care_due_ || state().last_record != cared_at_) {
    care_due_ = kNever;
    for (const std::string& id : state().cared_for) { // a notice takes none out
      const IncidentState& incident = state().incidents.at(id);
      for (const Reminder& due : care_for(incident, config_.daemon.notify, now).due)
        announce(ledger_, due.announcement, config_.daemon, due.to, now);
      care_due_ = std::min(care_due_, care_for(incident, config_.daemon.notify, now).next);
    }
    cared_at_ = state().last_record;
  }
  next_due_ = std::min(next_due_, care_due_);
}

void App::settle(Time now) {
  if (!refused_journal_.empty()) {
    next_due_ = now + kPageRetry;
    return;
  }
  for (int round = 0; round < kSettleRounds; ++round) {
    next_due_ = kNever;
    gate(now);
    expire(now, now);
    follow_plans(now);
    care_for_incidents(now);
    next_due_ = std::min(next_due_, executor_.pump(now));
    if (now < journal_retry_) {
      next_due_ = std::min(next_due_, journal_retry_);
      return;
    }
    const std::string before = ledger_.broken();
    if (Status s = ledger_.flush(); !s) {
      if (s.error().what != before)
        seams_.log.write(LogLevel::error, "nothing is done until the journal can be written: " + s.error().what,
                         {message_field(Message::journal_unwritable)});
      journal_retry_ = now + kJournalRetry;
      executor_.outbox().page_unrecorded(page_title(), now);
      next_due_ = std::min(next_due_, journal_retry_);
      return;
    }
    if (!before.empty()) tell_acts_again(seams_.log, executor_, "the journal can be written again");
    if (ledger_.idle()) break;
  }
  next_due_ = std::min(next_due_, detections_.next_look());
  for (const std::string& key : timed_) {
    if (const auto it = watches_.find(key); it != watches_.end()) next_due_ = std::min(next_due_, it->second->next_due);
  }
  for (const std::string& key : frozen_) stale_ = stale_ || !state().active(key);
  if (stale_) next_due_ = now; // not here: a caller may hold the watch that goes
}

void App::on_tick(Time now) {
  if (std::exchange(stale_, false)) refresh_watches(now);
  if (!degraded().empty()) executor_.outbox().page_unrecorded(page_title(), now);
  for (auto& [key, watch] : watches_) judge_due(*watch, now, now);
  degraded().empty() ? detections_.look(now) : detections_.put_off(now);
  settle(now);
  keep_samples(now);
}

void App::on_step_finished(const StepKey& key, const StepOutcome& outcome, Time now) {
  if (!game_days_.on_step_finished(key, outcome, now)) executor_.on_step_finished(key, outcome, now);
  settle(now);
}

Reply App::on_command(const Command& command, const std::string& actor, Time now) {
  if (const std::string why = degraded(); !why.empty()) {
    return refusal("journal", "the command", "nothing can be recorded: " + why,
                   "mend the journal (free space, `backstopctl status` says more), then repeat it");
  }
  for (auto& [key, watch] : watches_) {
    restore_watch(*watch, now); // it may act upon one whose sources were not read yet
    judge_due(*watch, now, now);
  }
  Operator op(ledger_, watches_, config_, game_days_, wall_clock, actor, now);
  const Reply reply = std::visit(op, command);
  if (reply.ok) {
    for (auto& [key, watch] : watches_) follow(*watch, {now, now, now});
  }
  settle(now);
  if (!ledger_.broken().empty())
    return refusal("journal", "the command", "it is not on disk yet: " + ledger_.broken(),
                   "it takes effect as soon as the journal can be written");
  return reply;
}

void App::on_config(config::Config config, Time now) {
  config_ = std::move(config);
  config_faults_.clear();
  refresh_watches(now);
  warn_of_unconfined_steps();
  std::vector<std::string> names;
  for (const auto& [key, watch] : watches_) names.push_back(key);
  if (!refused_journal_.empty()) return; // it is recorded with the start, once there is a journal
  ledger_.add(ConfigApplied{config_.hash, names}, now);
  settle(now);
}

void App::on_config_refused(const std::vector<std::string>& faults, Time now) {
  config_faults_ = faults;
  if (!degraded().empty()) // the log is told of records when they are on the disk
    seams_.log.write(LogLevel::error, "the new configuration has faults, the old one stays in force: " + join(faults),
                     {message_field(Message::config_refused)});
  if (!refused_journal_.empty()) return;
  ledger_.add(ConfigRefused{faults}, now);
  announce(ledger_,
           {"config_refused." + std::to_string(to_us(now)), "alert",
            "the new configuration has faults, the old one stays in force: " + join(faults), "", ""},
           config_.daemon, {}, now);
  settle(now);
}

void App::on_shutdown(bool coming, Time now) {
  if (!refused_journal_.empty() || coming == (state().shutdown != Time{})) return;
  ledger_.add(ShutdownAnnounced{coming, coming ? "" : "it was called off"}, now);
  settle(now);
}

void App::on_stop(Time now) {
  for (const auto& [key, watch] : watches_) {
    save_watch(*watch, now);
    save_histories(*watch, now);
  }
  flight_.flush();
  if (!refused_journal_.empty()) return;
  ledger_.add(DaemonStopped{}, now);
  journal_retry_ = Time{}; // the last chance
  settle(now);
  if (!ledger_.broken().empty())
    seams_.log.write(LogLevel::error,
                     std::to_string(ledger_.waiting()) +
                         " records could not be written and are lost: " + ledger_.broken(),
                     {message_field(Message::records_lost)});
}

void App::log_record(const Record& record, const Payload& payload) {
  Log::Fields fields{message_field(message_of(payload)),
                     {"BACKSTOP_RECORD", std::to_string(record.seq)},
                     {"BACKSTOP_TYPE", record.type},
                     {"BACKSTOP_SUBJECT", record.subject},
                     {"BACKSTOP_ACTOR", record.actor}};
  const auto incident = state().incidents.find(record.subject);
  const bool of_incident = incident != state().incidents.end();
  const DeploymentState* d = state().deployment(of_incident ? incident->second.deployment : record.subject);
  const std::string service = d ? d->service : of_incident ? incident->second.service : record.subject;
  if (d) fields.emplace_back("BACKSTOP_DEPLOYMENT", d->id);
  if (state().service(service)) fields.emplace_back("BACKSTOP_SERVICE", service);
  if (of_incident || (d && !d->incident.empty()))
    fields.emplace_back("BACKSTOP_INCIDENT", of_incident ? incident->first : d->incident);
  const Narrative told = narrate(payload);
  seams_.log.write(told.level, told.text, fields);
}

} // namespace backstop
