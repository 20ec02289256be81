/// bench_detection ROUNDS BIN_DIR: from the moment a service starts failing to the first instruction of what should be run
/// then. One service of 200 requests/s, whose errors go from 0.5 % to 20 %, at the same moments for all: backstopd with a
/// window of one interval and of four at 1 s, and of one at 250 ms; Prometheus and Alertmanager with windows of 2 s and 5 s;
/// Monit. The moments are spread evenly over the second; Prometheus starts anew every few rounds, as its phases stand still otherwise.
#include "bench/detection_peers.hpp"
#include "bench/report.hpp"
#include "bench/rounds.hpp"
#include <array>
#include <cstdio>
#include <time.h>

namespace {

using namespace backstop;
using namespace backstop::shop;
using namespace backstop::bench;

constexpr double kPhi = 0.231; ///< share of a window that must be bad for the line to be crossed
constexpr int kRoundsAPrometheus = 5;
constexpr milliseconds kMost{30000};

/// backstopd with one way to judge the service.
struct Ours {
  const char* name;
  double interval, intervals;
  double must_median, must_p95;
  bool is_aim; ///< it need not be reached
  Settings settings;
  std::unique_ptr<World> world;
  std::string id;
  std::vector<double> to_execute, after_sample;

  [[nodiscard]] double theory() const { return (kPhi * intervals + 0.5) * interval; } // k = 1
};

double epoch_of(const Json& iso) { // "2026-01-31T10:00:00.123Z"
  tm t{};
  const std::string text = iso.as_string() ? *iso.as_string() : "";
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &t);
  return rest ? static_cast<double>(::timegm(&t)) + std::atof(rest) : 0;
}

class Bench {
public:
  explicit Bench(const std::string& bin) : bin_(bin), stamp_(bin + "/bench_stamp"), service_(one_second_settings(bin)) {
    add({"backstopd, 1 interval of 1 s", 1, 1, 0.80, 1.3, false, {}, {}, {}, {}, {}}, "1s", "1s", "800ms", 50);
    add({"backstopd, 4 intervals of 1 s", 1, 4, 1.55, 2.1, false, {}, {}, {}, {}, {}}, "4s", "1s", "800ms", 50);
    add({"backstopd, 1 interval of 250 ms", 0.25, 1, 0.25, HUGE_VAL, true, {}, {}, {}, {}, {}}, "250ms", "250ms",
        "200ms", 20);
    prometheus_ = std::make_unique<PrometheusChain>(service_.dir, port(), stamp_);
    monit_ = std::make_unique<Monit>(service_.dir, port(), stamp_);
  }
  ~Bench() {
    for (Ours& o : ours_)
      if (o.world->daemon > 0) o.world->kill_daemon(SIGTERM);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  bool begin() {
    for (Ours& o : ours_) {
      o.world->start();
      if (!adopted(*o.world)) return false;
    }
    sleep_s(2);
    return true;
  }
  /// Share of a core that the first takes while nothing happens.
  double idle(double seconds) {
    const double before = cpu_s(ours_[0].world->daemon);
    sleep_s(seconds);
    return (cpu_s(ours_[0].world->daemon) - before) / seconds;
  }

  bool run_round(int round) {
    if ((round - 1) % kRoundsAPrometheus == 0) prometheus_->restart_prometheus(round);
    for (Ours& o : ours_) {
      o.id = begin_deployment(*o.world, "v" + std::to_string(round) + "-bad");
      if (o.id.empty()) return false;
    }
    sleep_s(6); // windows of 5 s are full
    // Moments that are spread evenly over the second, on which all of them scrape: few rounds then show what many would.
    const double phase = std::fmod(round * 0.6180339887, 1.0);
    sleep_s(std::fmod(phase - std::fmod(wall_now(), 1.0) + 1, 1.0));
    const double failing = wall_now();
    service_.target.switch_at_now(true);
    const bool ran = service_.until([&] { return all_ran(failing); }, kMost);
    service_.target.switch_at_now(false);
    if (!ran) return false;
    note(failing);
    return service_.until([&] { return all_over(); }, kMost);
  }

  void show(double idle_share) {
    std::printf(
        "\nfailing service -> first instruction of what is run, %zu rounds, 200 requests/s, errors 0.5 %% -> 20 %%, "
        "line 5 %%, for 0s\n",
        ours_[0].to_execute.size());
    std::printf("%-44s %8s %8s %8s %14s\n", "", "median", "p95", "most", "mean by theory");
    for (const Ours& o : ours_) line(o.name, o.to_execute, text("%.3fs", o.theory()));
    line("Prometheus + Alertmanager, window 2 s", peers_[0], "");
    line("Prometheus + Alertmanager, window 5 s", peers_[1], "");
    line("Monit, cycles of 1 s", peers_[2], "");
    const std::vector<double>& after = ours_[0].after_sample;
    std::printf("after the deciding sample arrived: median %.1f ms, p95 %.1f ms, most %.1f ms\n",
                quantile(after, 0.5) * 1e3, quantile(after, 0.95) * 1e3, quantile(after, 1) * 1e3);
    const Held held = held_by(ours_[0].world->daemon);
    std::printf("memory: resident %.1f MiB, anonymous %.1f MiB; idle CPU at 1 s: %.2f %% of a core\n\n",
                mib(held.resident_kib), mib(held.anonymous_kib), idle_share * 100);
    for (const Ours& o : ours_) report_one(o);
  }

private:
  [[nodiscard]] int port() const { return static_cast<int>(service_.server.port()); }

  void add(Ours o, const char* window, const char* interval, const char* timeout, int min_requests) {
    o.settings = one_second_settings(bin_);
    o.settings.window = window, o.settings.interval = interval, o.settings.timeout = timeout;
    o.settings.min_requests = min_requests;
    o.world = std::make_unique<World>(o.settings);
    o.world->bin = bin_;
    o.world->prepare();
    // All of them watch the one service.
    const std::string file = o.world->dir + "/services.d/shop.yaml", own = std::to_string(o.world->server.port());
    std::string service = read_text(file);
    service.replace(service.find("127.0.0.1:" + own), 10 + own.size(), "127.0.0.1:" + std::to_string(port()));
    write_file(file, service);
    ours_.push_back(std::move(o));
  }

  [[nodiscard]] std::array<std::string, 3> peer_dirs() const {
    return {prometheus_->log_dir("2s"), prometheus_->log_dir("5s"), monit_->log_dir()};
  }
  /// The first start after `failing`; 0: none.
  static double first_after(const std::string& dir, double failing) {
    for (const double t : stamps_in(dir))
      if (t >= failing) return t;
    return 0;
  }
  bool all_ran(double failing) {
    for (const Ours& o : ours_)
      if (started_at(*o.world, o.id, "execute") == 0) return false;
    for (const std::string& dir : peer_dirs())
      if (first_after(dir, failing) == 0) return false;
    return true;
  }
  void note(double failing) {
    for (Ours& o : ours_) {
      const double first = started_at(*o.world, o.id, "execute");
      o.to_execute.push_back(first - failing);
      o.after_sample.push_back(first -
                               epoch_of(o.world->ask("GET", "/v1/explain/" + o.id)["decision"]["sample_arrived"]));
    }
    const auto dirs = peer_dirs();
    for (std::size_t i = 0; i < dirs.size(); ++i) peers_[i].push_back(first_after(dirs[i], failing) - failing);
  }
  bool all_over() {
    for (Ours& o : ours_)
      if (!o.world->ask("GET", "/v1/deployments/" + o.id)["deployment"].flag("final")) return false;
    return prometheus_->quiet();
  }

  static void line(const char* name, const std::vector<double>& took, const std::string& theory) {
    std::printf("%-44s %7.3fs %7.3fs %7.3fs %14s\n", name, quantile(took, 0.5), quantile(took, 0.95), quantile(took, 1),
                theory.c_str());
  }
  void report_one(const Ours& o) const {
    const double median = quantile(o.to_execute, 0.5), p95 = quantile(o.to_execute, 0.95),
                 chain = quantile(peers_[0], 0.5);
    const bool reached = median <= o.must_median && p95 <= o.must_p95;
    report({std::string("failing to execute, ") + o.name, text("median %.2f s, p95 %.2f s", median, p95),
            text("Prometheus + Alertmanager %.2f (5 s: %.2f), Monit %.2f", chain, quantile(peers_[1], 0.5),
                 quantile(peers_[2], 0.5)),
            text("1/%.1f of Prometheus", chain / median),
            o.is_aim ? "-" : text("<= %.2f / %.1f s", o.must_median, o.must_p95),
            o.is_aim ? text("median <= %.2f s", o.must_median) : "-",
            o.is_aim ? (reached ? "aim" : "aim missed") : (reached ? "must" : "MISSED")});
  }

  std::string bin_, stamp_;
  World service_; ///< its target and its port; no daemon
  std::vector<Ours> ours_;
  std::unique_ptr<PrometheusChain> prometheus_;
  std::unique_ptr<Monit> monit_;
  std::array<std::vector<double>, 3> peers_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_detection ROUNDS BIN_DIR\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  Bench bench(argv[2]);
  if (!bench.begin()) {
    std::fprintf(stderr, "bench_detection: a daemon does not come up\n");
    return 1;
  }
  const int rounds = std::atoi(argv[1]);
  const double idle = bench.idle(rounds >= 10 ? 20 : 5);
  for (int i = 1; i <= rounds; ++i) {
    std::printf("round %d of %d\r", i, rounds);
    std::fflush(stdout);
    if (!bench.run_round(i)) {
      std::fprintf(stderr, "round %d: not everybody ran what is to be run\n", i);
      return 1;
    }
  }
  bench.show(idle);
  return 0;
}
