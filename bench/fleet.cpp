/// bench_fleet BIN_DIR SECONDS WARM_UP [TARGETS [SERIES [ours]]]: 200 targets of 500 series read once a second, and the rule on the
/// share of errors judged for each, by backstopd and by those that could do it instead. One after another, each on the
/// last core with a fleet of its own on the first, each by the kernel's account of its own process; memory at the end.
/// Peers have one rule for all targets, which costs them least. backstopd has a file, a window, a baseline and a flight
/// recorder for each. Then: how late the loop runs, how starts are spread, and what one slow target does to the others.
#include "bench/fleet.hpp"
#include "bench/report.hpp"
#include <algorithm>
#include <map>

namespace {

using namespace backstop::bench;

struct Options {
  std::string bin;
  double seconds = 60, warm_up = 15;
  int targets = 200, series = 500;
  bool ours_only = false; ///< without the peers: for a profile, or between two changes
};

void print(const char* name, const Taken& t) {
  std::printf("  %-44s %7.2f %% of a core  resident %7.1f MiB  anonymous %7.1f MiB\n", name, t.cpu * 100, t.resident,
              t.anonymous);
  std::fflush(stdout);
}

/// Upper edge of the bucket of a histogram of ours in which the share `q` of what came between two readings lies, in s.
double quantile_between(const std::string& before, const std::string& after, const std::string& name, double q) {
  const auto buckets = [&](const std::string& text) {
    std::map<double, double> counts;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with(name + "_bucket{")) continue;
      const std::string le = line.substr(line.find("le=\"") + 4);
      counts[le.starts_with("+Inf") ? HUGE_VAL : std::atof(le.c_str())] =
          std::atof(line.substr(line.rfind(' ')).c_str());
    }
    return counts;
  };
  std::map<double, double> counts = buckets(after);
  for (const auto& [le, n] : buckets(before)) counts[le] -= n;
  const double all = counts.empty() ? 0 : counts.rbegin()->second;
  for (const auto& [le, n] : counts)
    if (all > 0 && n >= q * all) return le;
  return std::nan("");
}

/// The most requests within any 50 ms.
std::size_t most_at_once(std::vector<std::pair<std::size_t, double>> arrivals) {
  std::sort(arrivals.begin(), arrivals.end(), [](auto& a, auto& b) { return a.second < b.second; });
  std::size_t most = 0, first = 0;
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    while (arrivals[i].second - arrivals[first].second > 0.05) ++first;
    most = std::max(most, i - first + 1);
  }
  return most;
}

/// By how much the time between two requests to one target differs from 1 s, of all targets but the first.
std::vector<double> jitter(const std::vector<std::pair<std::size_t, double>>& arrivals) {
  std::map<std::size_t, double> last;
  std::vector<double> off;
  for (const auto& [target, t] : arrivals) {
    if (target == 0) continue;
    if (const auto before = last.find(target); before != last.end()) off.push_back(std::abs(t - before->second - 1));
    last[target] = t;
  }
  return off;
}

/// Those from `seconds` before the last on.
std::vector<std::pair<std::size_t, double>> newest(std::vector<std::pair<std::size_t, double>> arrivals,
                                                   double seconds) {
  const double from = (arrivals.empty() ? 0 : arrivals.back().second) - seconds;
  std::erase_if(arrivals, [from](const auto& a) { return a.second < from; });
  return arrivals;
}

struct Ours {
  Taken taken;
  double lag_p99 = 0;
  std::vector<std::pair<std::size_t, double>> arrivals;
};

Ours measure_ours(const Options& o, double seconds, int slow_ms) {
  Fleet fleet(o.bin, o.targets, o.series, slow_ms);
  FleetDaemon daemon(o.bin, fleet);
  if (!daemon.adopt(fleet.ports.size())) throw std::runtime_error("backstopd: " + daemon.process().said());
  sleep_s(o.warm_up);
  const std::string before = daemon.metrics();
  Ours ours;
  ours.taken = measure({&daemon.process()}, seconds);
  ours.lag_p99 = quantile_between(before, daemon.metrics(), "backstop_loop_lag_seconds", 0.99);
  daemon.process().end();
  ours.arrivals = newest(fleet.arrivals(), seconds);
  return ours;
}

template <class Start> Taken measure_peer(const Options& o, const char* name, const Start& start) {
  std::printf("  %-44s ...\r", name);
  std::fflush(stdout);
  Fleet fleet(o.bin, o.targets, o.series);
  const Processes processes = start(fleet);
  sleep_s(o.warm_up);
  const Taken taken = measure(processes, o.seconds);
  print(name, taken);
  return taken;
}

void show_ours(const Options& o, const Ours& ours) {
  const double slow_run = std::min(o.seconds, 20.0);
  const std::vector<double> alone = jitter(newest(ours.arrivals, slow_run));
  const std::vector<double> beside = jitter(measure_ours(o, slow_run, 900).arrivals);
  std::printf("\nloop lag p99 %s %.2g ms\n", std::isnan(ours.lag_p99) ? "unknown" : "at most", ours.lag_p99 * 1e3);
  std::printf("requests within any 50 ms: most %zu, of %d targets; even would be %.1f\n", most_at_once(ours.arrivals),
              o.targets, 0.05 * o.targets);
  std::printf("times between two reads of a target, away from 1 s: p99 %.2f ms, most %.2f ms\n",
              quantile(alone, 0.99) * 1e3, quantile(alone, 1) * 1e3);
  std::printf("the same while one target answers after 900 ms: p99 %.2f ms, most %.2f ms (of the others)\n\n",
              quantile(beside, 0.99) * 1e3, quantile(beside, 1) * 1e3);
}

int run(const Options& o) {
  std::printf("%d targets x %d series at 1 s, error rate judged for each; %.0f s each after %.0f s\n", o.targets,
              o.series, o.seconds, o.warm_up);
  const Taken dropped = measure_peer(o, "bare reader", [&](const Fleet& f) { return start_reader(o.bin, f, "drop"); });
  const Taken found = measure_peer(o, "bare reader that finds the wanted lines",
                                   [&](const Fleet& f) { return start_reader(o.bin, f, "find"); });
  const Ours ours = measure_ours(o, o.seconds, 0);
  print("backstopd", ours.taken);
  if (o.ours_only) return 0;
  const Taken scraping =
      measure_peer(o, "Prometheus, scraping only", [](const Fleet& f) { return start_prometheus(f, false); });
  const Taken with_rule =
      measure_peer(o, "Prometheus with the rule", [](const Fleet& f) { return start_prometheus(f, true); });
  const Taken victoria =
      measure_peer(o, "VictoriaMetrics, scraping only", [](const Fleet& f) { return start_victoria(f, false); });
  const Taken vmalert = measure_peer(o, "VictoriaMetrics + vmalert with the rule",
                                     [](const Fleet& f) { return start_victoria(f, true); });
  const Taken vmagent = measure_peer(o, "vmagent, scraping only", start_vmagent);
  show_ours(o, ours);
  const double cpu = ours.taken.cpu * 100;
  const std::string load = text("%d targets x %d series, ", o.targets, o.series);
  report({load + "CPU", text("%.2f %% of a core", cpu),
          text("Prometheus with the rule %.1f %% (scraping %.1f), VictoriaMetrics %.1f (+ vmalert %.1f), vmagent %.1f",
               with_rule.cpu * 100, scraping.cpu * 100, victoria.cpu * 100, vmalert.cpu * 100, vmagent.cpu * 100),
          text("1/%.1f of Prometheus", with_rule.cpu * 100 / cpu), "<= 1/8", "-",
          reached(cpu, with_rule.cpu * 100 / 8)});
  report({load + "CPU beside the floor", text("%.2f %% of a core", cpu),
          text("bare reader %.2f %%, finding the lines %.2f %%", dropped.cpu * 100, found.cpu * 100),
          text("%.1f x the bare reader", cpu / dropped.cpu / 100), "-", "<= 2 x",
          cpu <= 200 * dropped.cpu ? "aim" : "aim missed"});
  report({load + "resident memory", text("%.1f MiB", ours.taken.resident),
          text("Prometheus %.0f (scraping %.0f), VictoriaMetrics %.0f (+ vmalert %.0f), vmagent %.0f, bare reader %.1f",
               with_rule.resident, scraping.resident, victoria.resident, vmalert.resident, vmagent.resident,
               dropped.resident),
          text("1/%.1f of Prometheus", with_rule.resident / ours.taken.resident), "<= 28 MiB", "<= 22 MiB",
          reached(ours.taken.resident, 28, 22)});
  report({load + "anonymous memory", text("%.1f MiB", ours.taken.anonymous),
          text("Prometheus %.0f, VictoriaMetrics %.0f, vmagent %.0f", with_rule.anonymous, victoria.anonymous,
               vmagent.anonymous),
          text("1/%.1f of Prometheus", with_rule.anonymous / ours.taken.anonymous), "<= 16 MiB", "<= 10 MiB",
          reached(ours.taken.anonymous, 16, 10)});
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: bench_fleet BIN_DIR SECONDS WARM_UP [TARGETS [SERIES [ours]]]\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptors();
  Options o{argv[1], std::atof(argv[2]), std::atof(argv[3])};
  if (argc > 4) o.targets = std::atoi(argv[4]);
  if (argc > 5) o.series = std::atoi(argv[5]);
  o.ours_only = argc > 6 && std::string(argv[6]) == "ours";
  try {
    return run(o);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_fleet: %s\n", e.what());
    return 1;
  }
}
