#pragma once
#include "daemon/app.hpp"
#include "daemon/config/read.hpp"
#include "daemon/replay/memory_journal.hpp"
#include "tests/fakes/faulty_journal.hpp"
#include "tests/fakes/memory_recorder.hpp"
#include "tests/fakes/scripted_step_runner.hpp"
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace backstop {

/// A Notifier that notes what it delivered, and can refuse or keep silent.
class RecordingNotifier final : public Notifier {
public:
  void send(const Notice& notice, Done done) override {
    attempts.push_back(notice);
    if (silent) return;
    if (failing) return done({fail(Errc::io, "refused by the test"), {}, ""});
    delivered.push_back(notice);
    done({{}, {}, "taken by the test"});
  }
  [[nodiscard]] int delivered_events(const std::string& part) const {
    int n = 0;
    for (const Notice& notice : delivered) n += notice.key.find(part) != std::string::npos;
    return n;
  }
  bool failing = false, silent = false;
  std::vector<Notice> attempts, delivered;
};

class SilentLog final : public Log {
public:
  void write(LogLevel, const std::string& message, const Fields& of_line) override {
    lines.push_back(message);
    fields.push_back(of_line);
  }
  std::vector<std::string> lines;
  std::vector<Fields> fields; ///< of each line
};

/// A host with an App on it, in virtual time: what a service answers, what steps do, who is told, all by the test. The
/// journal, the recorder and the steps outlive the App, as the disk and the host do.
class AppWorld {
public:
  struct Shop {
    double error_share = 0;
    bool answers = true;
    double requests_per_second = 100;
    double ok = 1000, failed = 0;
  };

  /// `services`: YAML of service files. `limits` as in backstop.yaml.
  explicit AppWorld(std::vector<std::string> services, config::Limits limits = {}) : limits_(limits) {
    for (const std::string& text : services) texts_.push_back(text);
    channels_ = {{"oncall", config::ChannelType::command, {}, {"/bin/notify"}, std::chrono::seconds(5)}};
  }

  /// What the daemon's own file says from now on, beside what is there.
  void configure(const std::function<void(config::Daemon&)>& change) {
    change_ = change;
    app->on_config(make_config(), now);
  }

  /// A new App over what is there: a first start, or a restart.
  void start(const std::string& boot = "boot-1") {
    faulty = std::make_unique<FaultyJournal>(journal);
    App::Seams seams{*faulty,
                     recorder,
                     runner ? *runner : static_cast<StepRunner&>(steps),
                     notifier,
                     log,
                     [this](const std::string& path) -> Result<std::string> {
                       const auto it = links.find(path);
                       if (it == links.end()) return fail(Errc::io, path + ": no such link");
                       return it->second;
                     }};
    app = std::make_unique<App>(
        make_config(), seams,
        [this](const std::string& text, const std::string& key) -> Result<config::Service> {
          if (!reads_frozen_files) return fail(Errc::invalid, "another version of backstop wrote it");
          return read_frozen(text, key);
        },
        boot);
    steps.on_finished = [this](const StepKey& key, const StepOutcome& outcome) {
      app->on_step_finished(key, outcome, now);
    };
    if (prepare_start) prepare_start();
    const Status loaded = app->load();
    load_error = loaded ? "" : loaded.error().what;
    app->resume(now, "test", Duration{});
  }
  /// kill -9: nothing of the App is left, and nothing of it runs on the way out.
  void kill() {
    steps.crash();
    app.reset();
  }

  /// `seconds` of virtual time, a scrape of every service each second.
  void run(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      now += std::chrono::seconds(1);
      steps.advance(now);
      std::vector<std::string> keys; // a scrape may end the life of a watch
      for (const auto& [key, watch] : app->watches()) keys.push_back(key);
      for (const std::string& key : keys) scrape(key);
      steps.advance(now);
      if (app->next_due() <= now) app->on_tick(now);
    }
  }
  /// Time in which no daemon runs.
  void run_dead(int seconds) {
    now += std::chrono::seconds(seconds);
    steps.advance(now);
  }
  bool run_until(const std::function<bool()>& done, int seconds) {
    for (int i = 0; i < seconds && !done(); ++i) run(1);
    return done();
  }

  Reply command(Command c, const std::string& actor = "uid:0(root)") {
    Reply reply = app->on_command(std::move(c), actor, now);
    steps.advance(now);
    return reply;
  }
  Reply adopt(const std::string& service, const std::string& version) {
    return command(Adopt{service, version, "first install"});
  }
  Reply begin(const std::string& service, const std::string& version,
              const std::function<void(BeginDeployment&)>& more = {}) {
    BeginDeployment c;
    c.service = service;
    c.version = version;
    if (more) more(c);
    return command(c);
  }
  /// begin and finish; gives the id.
  std::string deploy(const std::string& service, const std::string& version,
                     const std::function<void(BeginDeployment&)>& more = {}) {
    const Reply reply = begin(service, version, more);
    if (!reply.ok) return "refused: " + reply.reason + ": " + reply.why;
    command(FinishDeployment{reply.id});
    return reply.id;
  }

  [[nodiscard]] const DeploymentState& deployment(const std::string& id) const { return *app->state().deployment(id); }
  [[nodiscard]] Phase phase(const std::string& id) const { return deployment(id).phase; }
  [[nodiscard]] int ran(const std::string& program) const {
    int n = 0;
    for (const auto& run : steps.log) n += !run.command.argv.empty() && run.command.argv.front() == program;
    return n;
  }
  void replace_channels(std::vector<config::Channel> channels) {
    channels_ = std::move(channels);
    app->on_config(make_config(), now);
  }
  void replace_config(std::vector<std::string> services) {
    texts_ = std::move(services);
    app->on_config(make_config(), now);
  }

  MemoryJournal journal;
  MemoryRecorder recorder;
  ScriptedStepRunner steps;
  StepRunner* runner = nullptr; ///< one that stands before `steps` and passes on to it
  RecordingNotifier notifier;
  SilentLog log;
  std::map<std::string, std::string> links;
  std::map<std::string, Shop> shops;        ///< by service key
  Duration latency{};                       ///< of every answer
  std::function<void(Scrape&)> add_samples; ///< what else is in every answer
  std::unique_ptr<FaultyJournal> faulty;
  std::unique_ptr<App> app;
  std::function<void()> prepare_start; ///< between the making of the App and its load(): plan faults here
  std::string load_error;
  bool reads_frozen_files = true; ///< the next start() takes the files that deployments began with
  Time now = time_from_us(1'767'225'600'000'000);

private:
  static Result<config::Service> read_frozen(const std::string& text, const std::string&) {
    config::ServiceOutcome outcome = config::load_service(text, "frozen.yaml");
    if (!outcome.ok()) return fail(Errc::invalid, config::text_of(outcome.faults.front()));
    outcome.service.text = text;
    outcome.service.hash = sha256_hex(text);
    return std::move(outcome.service);
  }
  config::Config make_config() {
    config::Config config;
    config.daemon.limits = limits_;
    config.daemon.channels = channels_;
    if (change_) change_(config.daemon);
    for (const std::string& text : texts_) {
      Result<config::Service> service = read_frozen(text, "");
      if (!service) throw std::runtime_error(service.error().what);
      config.services.push_back(std::make_shared<const config::Service>(*std::move(service)));
    }
    return config;
  }
  void scrape(const std::string& key) {
    Shop& shop = shops[key];
    Scrape scrape;
    scrape.t = now - latency;
    scrape.arrived = now;
    shop.ok += shop.requests_per_second * (1 - shop.error_share);
    shop.failed += shop.requests_per_second * shop.error_share;
    if (shop.answers) {
      // Selectors in the order of the configuration: errors, total.
      scrape.samples = {{0, 0, shop.failed, 0}, {1, 0, shop.failed, 0}, {1, 1, shop.ok, 0}};
      scrape.named = {{0, SharedText("r{code=\"500\"}")}, {1, SharedText("r{code=\"200\"}")}};
    } else {
      scrape.health = ScrapeHealth::error;
      scrape.why = "connection refused";
    }
    if (add_samples) add_samples(scrape);
    app->on_scrape(key, scrape, now);
  }

  std::vector<std::string> texts_;
  config::Limits limits_;
  std::vector<config::Channel> channels_;
  std::function<void(config::Daemon&)> change_;
};

} // namespace backstop
