/// bench_services BIN_DIR SECONDS ROUNDS: what many services cost the judge, and the start.
/// - 1,000 services with the five usual indicators, judged each second: an App of our own with its real journal, recorder and
///   metrics on a disk, in virtual time as fast as it goes, so that what is measured is the work and not the waiting; what
///   the loop and libcurl add is measured by bench/fleet. All versions are known as good and are learned from; every
///   service has had a deployment, and 20 are being watched; windows are full. CPU time over virtual time is the share.
/// - From the body in hand to its evaluation, for series that stay the same: calls of operator new, by part.
/// - From exec of the real backstopd to its READY=1, with 1,000 service files.
#include "bench/made_metrics.hpp"
#include "bench/process.hpp"
#include "bench/report.hpp"
#include "bench/usual_service.hpp"
#include "collectors/sample_store.hpp"
#include "daemon/app.hpp"
#include "daemon/config/read.hpp"
#include "daemon/frozen_config.hpp"
#include "daemon/io/files.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "daemon/io/sqlite_recorder.hpp"
#include "daemon/replay/virtual_seams.hpp"
#include "daemon/telemetry.hpp"
#include <cstdlib>
#include <new>
#include <sys/socket.h>
#include <sys/un.h>

namespace {
std::size_t g_allocations = 0; // one thread
} // namespace

// Not inlined: g++ would find malloc and delete in one place and take them for mismatched.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace backstop;
using namespace backstop::bench;

constexpr int kServices = 1000, kWatched = 20, kIndicators = 5, kBuckets = 12;
constexpr int kSettled = 45; ///< virtual s after which windows are full

std::string name(int i) { return "s" + std::to_string(i); }

std::string service_text(int i) {
  return usual_service("service: " + name(i) + "\n", "interval: 1s, timeout: 900ms", "code=~\"5..\"");
}

/// backstop.yaml and the files of all services, in `dir`.
void write_files(const std::string& dir) {
  ::mkdir((dir + "/services.d").c_str(), 0755);
  shop::write_file(dir + "/backstop.yaml", "control: {socket: " + dir +
                                               "/control.sock}\nmetrics: {listen: none}\njournal: {path: " + dir +
                                               "/journal.db}\nrecorder: {path: " + dir +
                                               "/recorder.db}\nservices: " + dir + "/services.d/*.yaml\n");
  for (int i = 0; i < kServices; ++i) shop::write_file(dir + "/services.d/" + name(i) + ".yaml", service_text(i));
}

std::string exposition() {
  std::string text;
  for (const char* code : {"200", "201", "404", "500"})
    text += std::string("requests_total{code=\"") + code + "\"} 100\n";
  for (int b = 0; b < kBuckets; ++b) {
    const std::string le = b + 1 == kBuckets ? "+Inf" : std::to_string(0.005 * (1 << b));
    text += "seconds_bucket{le=\"" + le + "\"} " + std::to_string(10 * (b + 1)) + "\n";
  }
  return text + "cpu_percent 40\nmemory_percent 50\nconnections_in_use 20\n";
}

/// The scrapes of one service: those of its series once found, with values that go on.
struct Fed {
  Scrape scrape;
  std::uint64_t turn = 0;
  void next(Time t) {
    scrape.t = t, scrape.arrived = t + std::chrono::milliseconds(2);
    if (turn++ > 0) scrape.named.clear();
    for (Sample& sample : scrape.samples)
      sample.value += sample.le > 0 || sample.selector < 2 ? 100 : turn % 2 ? 1 : -1;
  }
};

class JudgedServices {
public:
  explicit JudgedServices(const std::string& dir) {
    write_files(dir);
    config::LoadOutcome loaded = config::load(dir + "/backstop.yaml", config_files());
    if (!loaded.ok()) throw std::runtime_error(config::text_of(loaded.faults.front()));
    auto journal = SqliteJournal::open(dir + "/journal.db");
    auto recorder = SqliteRecorder::open(dir + "/recorder.db", {});
    if (!journal || !recorder) throw std::runtime_error("no journal or recorder in " + dir);
    journal_ = *std::move(journal), recorder_ = *std::move(recorder);
    const auto no_link = [](const std::string&) -> Result<std::string> {
      return fail(Errc::not_found, "no links here");
    };
    app_ = std::make_unique<App>(std::move(loaded.config),
                                 App::Seams{*journal_, *recorder_, steps_, notifier_, log_, no_link}, read_frozen,
                                 "bench");
    app_->on_evaluated = [this](const ServiceWatch& watch, const Scrape& scrape) {
      telemetry_.on_scrape(watch, scrape);
    };
    if (Status loaded_state = app_->load(); !loaded_state) throw std::runtime_error(loaded_state.error().what);
    app_->resume(now_, "bench", Duration{});
    learn_series();
  }

  /// What came before: a good version, a deployment that was given up, and for some one that is watched.
  void make_past() {
    for (int i = 0; i < kServices; ++i) command(Adopt{name(i) + "/production", "v1", "bench"});
    run(1800, std::chrono::seconds(10)); // the baseline's window is full
    for (int i = 0; i < kServices; ++i) {
      command(AbortDeployment{begin(i, "v2"), "bench"});
      if (i < kWatched) command(FinishDeployment{begin(i, "v3")});
    }
    run(kSettled);
  }

  void run(int seconds, Duration every = std::chrono::seconds(1)) {
    for (Duration done{}; done < std::chrono::seconds(seconds); done += every) {
      for (int i = 0; i < kServices; ++i) {
        now_ += every / kServices;
        while (app_->next_due() <= now_) app_->on_tick(now_);
        Fed& fed = fed_[static_cast<std::size_t>(i)];
        fed.next(now_ - std::chrono::milliseconds(2));
        app_->on_scrape(keys_[static_cast<std::size_t>(i)], fed.scrape, now_);
      }
    }
  }
  /// Of deployments that are watched at the end: all of them must be, or something else was measured.
  [[nodiscard]] std::size_t watched() const { return app_->state().in_phase(Phase::watching).size(); }
  [[nodiscard]] std::size_t deployments() const { return app_->state().deployments.size(); }

private:
  std::string begin(int i, const char* version) {
    BeginDeployment begin;
    begin.service = name(i) + "/production";
    begin.version = version;
    return command(begin);
  }
  std::string command(const Command& c) {
    const Reply reply = app_->on_command(c, "bench", now_);
    if (!reply.ok) throw std::runtime_error(reply.what + ": " + reply.why);
    return reply.id;
  }
  void learn_series() {
    const std::string text = exposition();
    for (int i = 0; i < kServices; ++i) {
      keys_.push_back(name(i) + "/production");
      SampleStore store(app_->watches().at(keys_.back())->compiled.sources[0].selectors);
      store.take(text, Format::prometheus, fed_.emplace_back().scrape);
    }
  }

  replay::NoSteps steps_{false};
  replay::DeliveredAtOnce notifier_;
  replay::NoLog log_;
  std::unique_ptr<SqliteJournal> journal_;
  std::unique_ptr<SqliteRecorder> recorder_;
  Telemetry telemetry_{"bench"};
  std::unique_ptr<App> app_;
  Time now_ = time_from_us(1'767'225'600'000'000);
  std::vector<std::string> keys_;
  std::vector<Fed> fed_;
};

void judge_services(int seconds) {
  const TemporaryDirectory directory;
  JudgedServices services(directory.path());
  services.make_past();
  const double before = cpu_s(::getpid());
  const std::size_t allocations = g_allocations;
  services.run(seconds);
  const double share = (cpu_s(::getpid()) - before) / seconds;
  if (services.watched() != kWatched) throw std::runtime_error("a deployment ended by itself");
  std::printf(
      "%d virtual s; %zu deployments known, %d watched; %.1f us and %.1f allocations a scrape; all that stands in "
      "memory: resident %.1f MiB, anonymous %.1f MiB\n",
      seconds, services.deployments(), kWatched, share * 1e6 / kServices,
      static_cast<double>(g_allocations - allocations) / seconds / kServices, mib(held_by(::getpid()).resident_kib),
      mib(held_by(::getpid()).anonymous_kib));
  report({text("%d services x %d indicators judged at 1 s", kServices, kIndicators),
          text("%.1f %% of a core", share * 100), "", "", "<= 25 %", "<= 10 %", reached(share, 0.25, 0.10)});
}

/// Calls of operator new by part, for one scrape like the one before.
void count_allocations() {
  MadeMetrics metrics(500);
  const config::ServiceOutcome read = config::load_service(R"(
service: shop
sources: {app: {type: prometheus, interval: 1s, timeout: 900ms, targets: [{url: "http://127.0.0.1:1/metrics"}]}}
indicators: {error_rate: {ratio: {source: app, errors: 'http_requests_total{code=~"5.."}', total: http_requests_total}}}
thresholds: standard
procedures: {rollback: [{name: execute, kind: run, argv: [/bin/true]}, {name: verify, kind: watch}]}
)",
                                                           "shop.yaml");
  if (!read.ok()) throw std::runtime_error(config::text_of(read.faults.front()));
  Result<config::CompiledService> compiled = config::compile(read.service);
  if (!compiled) throw std::runtime_error(compiled.error().what);
  SampleStore store(compiled->sources[0].selectors);
  ServiceWatch service(std::make_shared<const config::Service>(read.service), *std::move(compiled));
  constexpr int warm = 120, counted = 60; // s: windows and histories are full, and none changes its block
  std::size_t collectors = 0, observing = 0, judging = 0;
  Scrape scrape;
  for (int s = 1; s <= warm + counted; ++s) {
    const std::string& body = metrics.at(static_cast<std::uint64_t>(s) * 1000);
    scrape.t = scrape.arrived = time_from_us(1'767'225'600'000'000) + std::chrono::seconds(s);
    const std::size_t begin = g_allocations;
    store.take(body, Format::prometheus, scrape);
    const std::size_t taken = g_allocations;
    service.watch.observe(scrape);
    const std::size_t observed = g_allocations;
    service.last = service.watch.evaluate(scrape.t, true, true);
    if (s <= warm) continue;
    collectors += taken - begin, observing += observed - taken, judging += g_allocations - observed;
  }
  const auto each = [](std::size_t n) { return static_cast<double>(n) / counted; };
  std::printf(
      "allocations a scrape of 500 series, 40 wanted: collectors %.2f, taken in by the rules %.2f, evaluation %.2f\n",
      each(collectors), each(observing), each(judging));
  report({"allocations a scrape in the collectors, series unchanged", text("%.2f", each(collectors)), "", "", "0", "-",
          collectors == 0 ? "must" : "MISSED"});
}

/// From fork to READY=1, in s; NaN: it did not come.
double start_once(const std::string& bin, const std::string& dir) {
  const std::string path = dir + "/notify";
  ::unlink(path.c_str());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return std::nan("");
  timeval most{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  const double begin = wall_now();
  Pinned daemon({bin + "/backstopd", "--config", dir + "/backstop.yaml"}, cores().measured, dir + "/daemon.log",
                {"NOTIFY_SOCKET=" + path});
  double took = std::nan("");
  char told[4096];
  for (ssize_t n = 0; std::isnan(took) && (n = ::recv(fd, told, sizeof told, 0)) > 0;)
    if (std::string_view(told, static_cast<std::size_t>(n)).find("READY=1") != std::string_view::npos)
      took = wall_now() - begin;
  ::close(fd);
  sleep_s(2); // it comes to reading its targets, and has something to save when it ends
  if (std::isnan(took)) std::fprintf(stderr, "%s\n", daemon.said().c_str());
  return took;
}

void start_daemon(const std::string& bin, int rounds) {
  const TemporaryDirectory directory;
  write_files(directory.path());
  const double first = start_once(bin, directory.path());
  std::vector<double> later;
  for (int i = 0; i < rounds; ++i) later.push_back(start_once(bin, directory.path()));
  const double median = quantile(later, 0.5) * 1e3;
  std::printf(
      "start to READY=1 with %d services: first (new journal) %.0f ms; %d later (saved state of each) median %.0f, "
      "most %.0f ms\n",
      kServices, first * 1e3, rounds, median, quantile(later, 1) * 1e3);
  report({text("start to READY=1 with %d services", kServices), text("%.0f ms", median), "", "", "<= 400 ms",
          "<= 220 ms", reached(median, 400, 220)});
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bench_services BIN_DIR SECONDS ROUNDS\n");
    return 2;
  }
  try {
    judge_services(std::atoi(argv[2]));
    count_allocations();
    start_daemon(argv[1], std::atoi(argv[3]));
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_services: %s\n", e.what());
    return 1;
  }
}
