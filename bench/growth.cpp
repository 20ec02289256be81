/// bench_growth BIN_DIR FOLDER SECONDS POINTS: how cost grows: CPU a scrape and memory of backstopd from 10 to 2,000 targets
/// of 500 series, and from 10 to 20,000 series at 10 targets, beside the bare reader that finds the same lines. Read once a
/// second, the error rate judged for each target; no version is known as good, as thousands of journal commits would take
/// longer than all else here. Prints the figures, and draws them into FOLDER as SVG. POINTS: of
/// each row, every how many-th is measured (1: all).
#include "bench/fleet.hpp"
#include "bench/svg_chart.hpp"

namespace {

using namespace backstop::bench;

struct Point {
  double at = 0; ///< targets or series
  int targets = 0;
  Taken ours, reader;
  [[nodiscard]] double us(const Taken& t) const { return t.cpu * 1e6 / targets; }
};

Point measure_at(const std::string& bin, double seconds, int targets, int series) {
  Point p;
  p.targets = targets;
  const double warm = 5 + 0.01 * targets;
  {
    Fleet fleet(bin, targets, series);
    const Processes reader = start_reader(bin, fleet, "find");
    sleep_s(3);
    p.reader = measure(reader, seconds);
  }
  Fleet fleet(bin, targets, series);
  FleetDaemon daemon(bin, fleet);
  sleep_s(warm);
  p.ours = measure({&daemon.process()}, seconds);
  std::printf("%6d targets x %6d series: %8.1f us a scrape, reader %8.1f us; resident %6.1f MiB, anonymous %6.1f MiB\n",
              targets, series, p.us(p.ours), p.us(p.reader), p.ours.resident, p.ours.anonymous);
  std::fflush(stdout);
  return p;
}

void draw(const std::string& file, const std::string& by, const std::string& x_name, const std::vector<Point>& points) {
  Chart cpu{"CPU a scrape, by " + by, x_name, "microseconds of one core", {{"backstopd", {}}, {"bare reader", {}}}};
  Chart memory{"Memory of backstopd, by " + by, x_name, "MiB", {{"resident", {}}, {"of it anonymous", {}}}};
  for (const Point& p : points) {
    cpu.lines[0].points.emplace_back(p.at, p.us(p.ours));
    cpu.lines[1].points.emplace_back(p.at, p.us(p.reader));
    memory.lines[0].points.emplace_back(p.at, p.ours.resident);
    memory.lines[1].points.emplace_back(p.at, p.ours.anonymous);
  }
  backstop::shop::write_file(file + "-cpu.svg", DrawnChart(cpu).svg());
  backstop::shop::write_file(file + "-memory.svg", DrawnChart(memory).svg());
}

int run(const std::string& bin, const std::string& folder, double seconds, std::size_t every) {
  static constexpr std::array<int, 6> targets{10, 50, 200, 500, 1000, 2000};
  static constexpr std::array<int, 6> series{10, 100, 500, 2000, 6000, 20'000};
  std::vector<Point> by_targets, by_series;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if ((targets.size() - 1 - i) % every != 0) continue;
    by_targets.push_back(measure_at(bin, seconds, targets[i], 500));
    by_targets.back().at = targets[i];
  }
  for (std::size_t i = 0; i < series.size(); ++i) {
    if ((series.size() - 1 - i) % every != 0) continue;
    by_series.push_back(measure_at(bin, seconds, 10, series[i]));
    by_series.back().at = series[i];
  }
  std::filesystem::create_directories(folder);
  draw(folder + "/growth-targets", "number of targets (500 series each)", "targets, each read once a second",
       by_targets);
  draw(folder + "/growth-series", "series of a target (10 targets)", "series a target, read once a second", by_series);
  std::printf("drawn into %s\n", folder.c_str());
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: bench_growth BIN_DIR FOLDER SECONDS POINTS\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptors();
  try {
    return run(argv[1], argv[2], std::atof(argv[3]), static_cast<std::size_t>(std::atoi(argv[4])));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_growth: %s\n", e.what());
    return 1;
  }
}
