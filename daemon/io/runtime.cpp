#include "daemon/io/runtime.hpp"
#include "daemon/api.hpp"
#include "daemon/app.hpp"
#include "daemon/channel_notifier.hpp"
#include "daemon/config/read.hpp"
#include "daemon/deadman.hpp"
#include "daemon/event_feed.hpp"
#include "daemon/frozen_config.hpp"
#include "daemon/io/child_step_runner.hpp"
#include "daemon/io/curl_mailer.hpp"
#include "daemon/io/event_loop.hpp"
#include "daemon/io/files.hpp"
#include "daemon/io/frontends.hpp"
#include "daemon/io/journal_keeper.hpp"
#include "daemon/io/local_fetcher.hpp"
#include "daemon/io/log.hpp"
#include "daemon/io/probes.hpp"
#include "daemon/io/promql_pasts.hpp"
#include "daemon/io/scrapers.hpp"
#include "daemon/io/service_manager.hpp"
#include "daemon/io/shutdown_delay.hpp"
#include "daemon/io/sqlite_recorder.hpp"
#include "daemon/io/systemd_units.hpp"
#include "daemon/io/unit_step_runner.hpp"
#include "daemon/io/wall_clock.hpp"
#include "daemon/message_ids.hpp"
#include "daemon/patient_steps.hpp"
#include "daemon/shutdown.hpp"
#include "daemon/telemetry.hpp"
#include "daemon/views.hpp"
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace backstop {
namespace {

constexpr Duration kHousekeeping = std::chrono::seconds(60);
constexpr Duration kJournalEndTold = std::chrono::hours(24);
constexpr Duration kClockOff = std::chrono::hours(1);
constexpr Duration kJournalRetry = std::chrono::seconds(5); ///< of one that could not be opened
constexpr Duration kStepsKept = std::chrono::hours(24 * 30);
constexpr int kStartAnew = 1000; ///< code of the loop, no exit status

} // namespace

struct Runtime::Parts {
  Options options;
  std::unique_ptr<Log> log = make_log();
  std::unique_ptr<EventLoop> loop;
  ReadSecret secrets = secret_reader();
  std::unique_ptr<JournalKeeper> journal;
  std::unique_ptr<SqliteRecorder> recorder;
  std::unique_ptr<LocalFetcher> fetcher;
  std::unique_ptr<CurlMailer> mailer;
  std::unique_ptr<SystemdUnits> watched_units;
  std::unique_ptr<ChildPlugins> plugins;
  std::unique_ptr<SupervisedSteps> steps;
  ChildStepRunner* children = nullptr;   ///< the runner of steps, where they run as children
  UnitStepRunner* units = nullptr;       ///< the runner of steps, where backstop-runner starts them
  std::unique_ptr<PatientSteps> patient; ///< before `steps`, for the app
  std::unique_ptr<ServiceManager> manager;
  std::unique_ptr<ShutdownDelay> shutdown;
  bool status_stale = false; ///< what the manager was told may have changed: by a record, the services, or a tick
  std::unique_ptr<ChannelNotifier> notifier;
  std::unique_ptr<Telemetry> telemetry;
  std::unique_ptr<PromqlPasts> pasts;
  std::unique_ptr<App> app;
  std::unique_ptr<Api> api;
  std::unique_ptr<Deadman> deadman;
  EventFeed feed;
  std::unique_ptr<Frontends> frontends;
  std::unique_ptr<Scrapers> scrapers;
  std::unique_ptr<EventLoop::Timer> app_timer, step_retry, housekeeping, journal_retry, deadman_timer, feed_beat;
  Time journal_end_told{};
  std::vector<std::unique_ptr<EventLoop::Source>> signals;
  Time app_due = kNever;
  bool notices_answered = false; ///< since the app was last told
  std::string records_stay;      ///< why old ones cannot be removed, last time

  int given_socket = -1; ///< the control socket handed over by the service manager; -1: none

  static Result<std::unique_ptr<Parts>> open(config::Config config, Options options, int given_socket);
  Status open_state(const config::Daemon& daemon);
  Status open_steps(const std::string& state);
  void tell_runner();
  void tell_of_new_journal();
  void tell_journal_end();
  std::optional<Duration> anchor_of_records();
  void settle_time();
  void resume();
  void retry_journal();
  void wire(config::Config config);
  void set_channels(const std::vector<config::Channel>& channels);
  void keep_house();
  void keep_journal();
  void tick_deadman();
  void after_event();
  void warn_of_restart(const config::Daemon& now, const config::Daemon& wanted);
  std::vector<std::string> reload();
};

Status Runtime::Parts::open_state(const config::Daemon& daemon) {
  for (const std::string& path : {daemon.journal_path, daemon.recorder_path}) {
    if (Status s = ensure_parent(path); !s) return s;
  }
  // Anybody may come up to the socket: whoever may not see is to be told so.
  if (Status s = ensure_parent(daemon.control.socket, 0755); !s) return s;
  Result<std::unique_ptr<JournalKeeper>> kept = JournalKeeper::open(daemon.journal_path);
  if (!kept) return kept.error();
  journal = *std::move(kept);
  tell_of_new_journal();
  SqliteRecorder::Options recorder_options;
  recorder_options.keep = daemon.recorder_keep;
  recorder_options.max_size = static_cast<std::int64_t>(daemon.recorder_max_size);
  Result<std::unique_ptr<SqliteRecorder>> recording = SqliteRecorder::open(daemon.recorder_path, recorder_options);
  if (recording) {
    recorder = *std::move(recording);
  } else { // nice to have: no reason to leave the services alone
    recorder = SqliteRecorder::unopened(daemon.recorder_path, recorder_options);
    log->write(LogLevel::warning, "timers and histories are not kept for now: " + recording.error().what,
               {message_field(Message::timers_not_kept)});
  }
  if (!recorder->moved_aside().empty()) log->write(LogLevel::warning, recorder->moved_aside(), {});
  const std::string state = std::filesystem::path(daemon.journal_path).parent_path().string();
  return open_steps(state);
}

/// As units where backstop-runner is there to start them, else as children of ours.
Status Runtime::Parts::open_steps(const std::string& state) {
  if (std::filesystem::exists(options.runner_socket)) {
    Result<std::unique_ptr<UnitStepRunner>> runner =
        UnitStepRunner::create(*loop, options.runner_state, options.runner_socket);
    if (!runner) return runner.error();
    units = runner->get();
    steps = *std::move(runner);
    return {};
  }
  Result<std::unique_ptr<ChildStepRunner>> runner = ChildStepRunner::create(*loop, state, options.step_supervisor);
  if (!runner) return runner.error();
  children = runner->get();
  steps = *std::move(runner);
  return {};
}

/// The runner must know each file that steps may come from; where it does not take one, no deployment may begin by it.
void Runtime::Parts::tell_runner() {
  if (!units) return;
  for (const auto& [key, watch] : app->watches()) {
    units->remember(key, watch->config.hash, [this, key = key, hash = watch->config.hash](const Status& taken) {
      const auto it = app->watches().find(key);
      if (it == app->watches().end() || it->second->config.hash != hash) return;
      it->second->steps_fault = taken ? "" : taken.error().what;
      if (!taken)
        log->write(LogLevel::error, "the steps of " + key + " cannot run: " + taken.error().what,
                   {message_field(Message::steps_cannot_run)});
    });
  }
}

void Runtime::Parts::wire(config::Config config) {
  step_retry = loop->add_timer([this] { patient->tick(); }, EventLoop::kSteps);
  patient = std::make_unique<PatientSteps>(
      *steps, [this] { return loop->fresh_now(); },
      [this](Time due) { due == kNever ? step_retry->disarm() : step_retry->arm(due); });
  notifier = std::make_unique<ChannelNotifier>(
      ChannelNotifier::Ways{*fetcher, *mailer, *steps}, secrets, [this] { return loop->fresh_now(); }, host_name());
  notifier->after_done = [this] {
    if (std::exchange(notices_answered, true)) return;
    loop->post([this] { // not here: it may be inside of a commit
      notices_answered = false;
      app->on_tick(loop->now());
      after_event();
    });
  };
  set_channels(config.daemon.channels);
  telemetry = std::make_unique<Telemetry>(options.version);
  app = std::make_unique<App>(std::move(config),
                              App::Seams{journal->journal(), *recorder, *patient, *notifier, *log, read_link},
                              read_frozen, boot_id());
  pasts = std::make_unique<PromqlPasts>(*fetcher, secrets, [this] { return loop->fresh_now(); });
  pasts->after_done = [this] { after_event(); };
  app->past = pasts.get();
  app->wall_clock = wall_minute;
  deadman = std::make_unique<Deadman>(*fetcher, secrets, *log);
  deadman->configure(app->config().daemon.deadman);
  app->deadman = deadman.get();
  api = std::make_unique<Api>(*app, [this] { return reload(); });
  scrapers = std::make_unique<Scrapers>(ProbeParts{*loop, *fetcher, *watched_units, *plugins, secrets}, *app, *fetcher,
                                        *telemetry, [this] { after_event(); });
  frontends = std::make_unique<Frontends>(
      Frontends::Parts{*loop, *app, *api, feed, secrets, *log},
      [this] {
        scrapers->tell_dropped();
        return telemetry->expose(*app, loop->now());
      },
      [this] { after_event(); });
  app->on_commit = [this] {
    if (journal->opened()) telemetry->journal_commit(journal->opened()->last_commit_duration());
  };
  app->on_durable = [this](const Record& record, const Payload& payload) {
    status_stale = true;
    telemetry->on_record(payload, app->state(), loop->fresh_now());
    feed.publish(record, payload);
  };
  app->on_evaluated = [this](const ServiceWatch& watch, const Scrape& scrape) { telemetry->on_scrape(watch, scrape); };
  app->on_targets_changed = [this](const ServiceWatch& watch, std::uint32_t source,
                                   const TargetPlaces::Change& change) {
    scrapers->change_targets(watch, source, change);
  };
  app->on_watches_changed = [this] {
    status_stale = true;
    loop->post([this] {
      scrapers->rebuild();
      tell_runner();
    });
  };
  patient->on_wait = [this](const StepKey& key, const std::string& why) {
    log->write(LogLevel::warning, "step " + key.text() + " cannot be started yet, it is tried again: " + why,
               {{"BACKSTOP_DEPLOYMENT", key.deployment}});
  };
  patient->on_finished = [this](const StepKey& key, const StepOutcome& outcome) {
    if (!notifier->on_step_finished(key, outcome)) app->on_step_finished(key, outcome, loop->now());
    after_event();
  };
  app_timer = loop->add_timer([this] {
    const Time due = std::exchange(app_due, kNever);
    if (due != kNever) telemetry->loop_lag(std::max(Duration{}, loop->now() - due));
    status_stale = true; // the journal may have failed, or works again
    app->on_tick(loop->now());
    after_event();
  });
  housekeeping = loop->add_timer([this] { keep_house(); }, EventLoop::kIdle);
  housekeeping->arm(loop->now() + kHousekeeping);
  journal_retry = loop->add_timer([this] { retry_journal(); }, EventLoop::kIdle);
  deadman_timer = loop->add_timer([this] { tick_deadman(); }, EventLoop::kIdle); // after all work that is due
  feed_beat = loop->add_timer([this] {
    feed.beat();
    feed_beat->arm(loop->now() + EventFeed::kBeat);
  });
  for (const int signal : {SIGTERM, SIGINT}) {
    signals.push_back(loop->add_signal(signal, [this] {
      manager->stopping();
      app->on_stop(loop->now());
      tell_journal_end();
      loop->exit(0);
    }));
  }
  signals.push_back(loop->add_signal(SIGHUP, [this] { reload(); }));
}

/// What a notice needs is made ready before there is one: that host may be in trouble then.
void Runtime::Parts::set_channels(const std::vector<config::Channel>& channels) {
  notifier->set_channels(channels);
  for (const config::Channel& channel : channels) {
    if (channel.type == config::ChannelType::email)
      mailer->prepare();
    else if (channel.type != config::ChannelType::command)
      fetcher->expect_all();
  }
}

void Runtime::Parts::after_event() {
  api->poll();
  if (manager && std::exchange(status_stale, false)) {
    manager->status(status_line(*app));
    shutdown->want(delays_shutdown(app->state()));
  }
  if (app->next_due() == app_due) return;
  app_due = app->next_due();
  app_due == kNever ? app_timer->disarm() : app_timer->arm(app_due);
}

void Runtime::Parts::keep_house() {
  housekeeping->arm(loop->now() + kHousekeeping);
  if (Status s = journal->keep_house(); !s) log->write(LogLevel::warning, s.error().what, {});
  if (loop->now() - journal_end_told >= kJournalEndTold) tell_journal_end();
  if (children) children->purge(loop->now() - kStepsKept);
  keep_journal();
}

/// A little at a time: nothing waits for it. Nor is anything removed while the clock that records were written by is off: what it
/// takes for old may be young.
void Runtime::Parts::keep_journal() {
  const Duration off = std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()) -
                       loop->now().time_since_epoch();
  if (!journal->has_room() || off > kClockOff || off < -kClockOff) return;
  const Result<bool> more = app->keep_journal(loop->now());
  const std::string why = more ? "" : more.error().what;
  if (std::exchange(records_stay, why) != why && !why.empty())
    log->write(LogLevel::warning, "old records cannot be removed for now: " + why, {});
  if (more && *more) loop->post([this] { keep_journal(); }, EventLoop::kIdle);
  after_event();
}

void Runtime::Parts::tell_of_new_journal() {
  if (journal->opened() && journal->opened()->created())
    log->write(LogLevel::warning, "a new journal was begun: " + journal->path(),
               {message_field(Message::journal_created)});
  tell_journal_end();
}

/// In another place than the journal, so that it shows when its end is not what it was.
void Runtime::Parts::tell_journal_end() {
  journal_end_told = loop->now();
  const SqliteJournal* opened = journal->opened();
  if (!opened || opened->end().seq == 0) return;
  log->write(LogLevel::info,
             "the journal ends with record " + std::to_string(opened->end().seq) + ":" + opened->end().hash,
             {message_field(Message::journal_end)});
}

/// The anchor that the records of an opened journal ask for; none: the present one will do. Within one boot it is that of
/// the run before, so that a step of the wall clock moves no deadline.
std::optional<Duration> Runtime::Parts::anchor_of_records() {
  if (app->state().last_boot == boot_id()) return app->state().last_anchor;
  const Time wall = loop->now(), from = time_at_boot(app->state(), wall);
  if (from <= wall) return {};
  log->write(LogLevel::warning,
             "the clock was set back over the reboot; times go on from the last record, " +
                 show(to_seconds(from - wall), Unit::seconds) +
                 " ahead of the clock, until a boot without a deployment under way",
             {});
  return loop->anchor() + (from - wall);
}

/// Which time it is, settled before anything is measured: later the timers of connections and sources could not follow.
void Runtime::Parts::settle_time() {
  const std::optional<Duration> anchor =
      journal->opened() ? anchor_of_records() : recorded_anchor(journal->path(), boot_id());
  if (anchor) loop->set_anchor(*anchor);
}

/// From the state that was loaded, on: at the start, or when a journal that could not be opened can be.
void Runtime::Parts::resume() {
  app->resume(loop->now(), options.version, loop->anchor());
  if (journal->waits()) journal_retry->arm(loop->now() + kJournalRetry);
}

void Runtime::Parts::retry_journal() {
  if (!journal->try_again()) return journal_retry->arm(loop->now() + kJournalRetry);
  tell_of_new_journal();
  const Status loaded = app->load(); // the app tells why, where it is not good
  // Deadlines, and what was measured by other daemons, are in the time of the records.
  if (loaded && anchor_of_records().value_or(loop->anchor()) != loop->anchor()) return loop->exit(kStartAnew);
  resume();
  after_event();
}

void Runtime::Parts::tick_deadman() {
  std::string silent = silent_because(*app);
  if (silent.empty()) {
    if (const Status s = check_writable(app->config().daemon.journal_path); !s) silent = s.error().what;
  }
  const Time due = deadman->tick(loop->now(), silent);
  due == kNever ? deadman_timer->disarm() : deadman_timer->arm(due);
}

/// What is opened once at start cannot change under a running daemon; a reload that asks for it says so.
void Runtime::Parts::warn_of_restart(const config::Daemon& now, const config::Daemon& wanted) {
  const bool same = now.control.socket == wanted.control.socket && now.metrics_listen == wanted.metrics_listen &&
                    now.page.listen == wanted.page.listen && now.journal_path == wanted.journal_path &&
                    now.recorder_path == wanted.recorder_path;
  if (!same)
    log->write(LogLevel::warning,
               "control.socket, metrics.listen, page.listen, journal.path and recorder.path take effect at the next "
               "start of backstopd",
               {});
}

std::vector<std::string> Runtime::Parts::reload() {
  manager->reloading();
  config::LoadOutcome loaded = config::load(options.config_path, config_files());
  std::vector<std::string> faults;
  for (const config::Fault& fault : loaded.faults) faults.push_back(config::text_of(fault));
  if (!faults.empty()) {
    app->on_config_refused(faults, loop->now());
  } else {
    warn_of_restart(app->config().daemon, loaded.config.daemon);
    set_channels(loaded.config.daemon.channels);
    app->on_config(std::move(loaded.config), loop->now());
    frontends->warn_of_tokens();
    deadman->configure(app->config().daemon.deadman);
    tick_deadman();
  }
  after_event();
  manager->ready(status_line(*app));
  return faults;
}

Runtime::Runtime() = default;
Runtime::~Runtime() = default;

Result<std::unique_ptr<Runtime::Parts>> Runtime::Parts::open(config::Config config, Options options, int given_socket) {
  auto parts = std::make_unique<Parts>();
  Parts& p = *parts;
  p.options = std::move(options);
  p.given_socket = given_socket;
  Result<std::unique_ptr<EventLoop>> loop = EventLoop::create();
  if (!loop) return loop.error();
  p.loop = *std::move(loop);
  p.fetcher = std::make_unique<LocalFetcher>(*p.loop);
  p.mailer = std::make_unique<CurlMailer>(*p.loop);
  p.watched_units = std::make_unique<SystemdUnits>(*p.loop);
  p.plugins = std::make_unique<ChildPlugins>(*p.loop);
  const config::Daemon daemon = config.daemon;
  if (Status s = p.open_state(daemon); !s) return s.error();
  p.wire(std::move(config));
  // An unreadable journal is told by load(): the daemon observes, and everything else goes on.
  const Status recovered = p.app->load();
  p.settle_time();
  p.resume();
  if (Status s = p.frontends->open(daemon, given_socket); !s) return s.error();
  p.log->write(recovered ? LogLevel::info : LogLevel::error,
               "control socket " + daemon.control.socket + p.frontends->ports(), {});
  p.tick_deadman();
  p.feed_beat->arm(p.loop->now() + EventFeed::kBeat);
  p.shutdown = std::make_unique<ShutdownDelay>(*p.loop, *p.log, [&p](bool coming) {
    p.app->on_shutdown(coming, p.loop->now());
    p.after_event();
  });
  p.manager = std::make_unique<ServiceManager>(*p.loop);
  p.status_stale = true;
  p.after_event();
  p.manager->ready(status_line(*p.app));
  return parts;
}

Result<std::unique_ptr<Runtime>> Runtime::create(config::Config config, Options options) {
  Result<std::unique_ptr<Parts>> parts = Parts::open(std::move(config), std::move(options), inherited_control_socket());
  if (!parts) return parts.error();
  std::unique_ptr<Runtime> runtime(new Runtime());
  runtime->parts_ = *std::move(parts);
  return runtime;
}

int Runtime::run() {
  for (;;) {
    if (const int code = parts_->loop->run(); code != kStartAnew) return code;
    parts_->log->write(LogLevel::warning,
                       "everything is begun anew by the time of the records: the clock was stepped while the journal "
                       "could not be read",
                       {});
    config::Config in_force = parts_->app->config();
    Options options = parts_->options;
    const int given_socket = parts_->given_socket;
    parts_.reset(); // the journal and the socket have one owner
    Result<std::unique_ptr<Parts>> parts = Parts::open(std::move(in_force), std::move(options), given_socket);
    if (!parts) throw std::runtime_error(parts.error().what);
    parts_ = *std::move(parts);
  }
}

} // namespace backstop
