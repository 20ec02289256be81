/// scan [FILE...]: how fast expositions are read, beside a search for newlines (memchr) in the same text; one core, hot. Each FILE
/// is an exposition in the format 0.0.4; without any, one is made up. What is measured, in turns, ROUNDS times; the median counts:
///   newlines   memchr from line to line: nothing that looks at every line can be much faster
///   scan       SampleStore::take with ten families, as the daemon does it, from the second scrape on
///   parse      parse_exposition: every line read and checked, for a visitor that only counts
/// Nothing may be allocated for a scan. Required: scan at least 0.25 of newlines, parse at least 1/12; the aims are 0.6 and 1/8.
#include "bench/report.hpp"
#include "collectors/sample_store.hpp"
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <new>
#include <sched.h>
#include <string>
#include <vector>

namespace {
std::atomic<std::uint64_t> allocations{0};
} // namespace

// Not inlined: g++ would find malloc and delete, or new and free, in one place and take them for mismatched.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

using namespace backstop;

/// Of this thread: what others do on the core meanwhile is not counted.
double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

constexpr int kRounds = 15;
constexpr double kRoundBytes = 40e6; ///< about what one turn reads: some milliseconds

struct Family {
  const char* selector;
  SeriesKind kind = SeriesKind::gauge;
  bool buckets = false;
};

/// What a service file would name: requests, their errors and durations, what it depends on, what the process uses.
const std::map<std::string, std::vector<Family>> kUsual{
    {"apiserver",
     {{"apiserver_request_total", SeriesKind::counter},
      {"apiserver_request_duration_seconds_bucket{verb!~\"WATCH|CONNECT\"}", SeriesKind::counter, true},
      {"apiserver_request_terminations_total", SeriesKind::counter},
      {"apiserver_current_inflight_requests"},
      {"apiserver_storage_size_bytes"},
      {"etcd_requests_total", SeriesKind::counter},
      {"go_goroutines"},
      {"process_cpu_seconds_total", SeriesKind::counter},
      {"process_resident_memory_bytes"},
      {"process_open_fds"}}},
    {"ksm",
     {{"kube_deployment_spec_replicas"},
      {"kube_deployment_status_replicas_available"},
      {"kube_deployment_status_replicas_updated"},
      {"kube_deployment_status_observed_generation"},
      {"kube_deployment_metadata_generation"},
      {"kube_deployment_status_condition"},
      {"kube_pod_status_phase"},
      {"kube_pod_container_status_restarts_total", SeriesKind::counter},
      {"kube_pod_container_status_ready"},
      {"kube_pod_container_status_waiting"}}},
    {"node",
     {{"node_cpu_seconds_total", SeriesKind::counter},
      {"node_load1"},
      {"node_memory_MemAvailable_bytes"},
      {"node_memory_MemTotal_bytes"},
      {"node_filesystem_avail_bytes"},
      {"node_filesystem_size_bytes"},
      {"node_disk_io_time_seconds_total", SeriesKind::counter},
      {"node_network_receive_errs_total", SeriesKind::counter},
      {"node_network_transmit_errs_total", SeriesKind::counter},
      {"node_vmstat_oom_kill", SeriesKind::counter}}},
    {"shop", // the made-up one
     {{"shop_requests_total", SeriesKind::counter},
      {"shop_request_duration_seconds_bucket", SeriesKind::counter, true},
      {"shop_inflight_requests"},
      {"shop_queue_depth"},
      {"shop_upstream_errors_total", SeriesKind::counter},
      {"shop_cache_hits_total", SeriesKind::counter},
      {"go_goroutines"},
      {"process_cpu_seconds_total", SeriesKind::counter},
      {"process_resident_memory_bytes"},
      {"process_open_fds"}}},
};

/// 3.4 MB: a server with a histogram for each pair of route and code, as most of a large exposition is.
std::string made_up() {
  std::string text;
  const auto family = [&](const char* name, const char* type) {
    text.append("# HELP ").append(name).append(" [STABLE] What a made-up server says of itself, in some words.\n");
    text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  };
  const auto route = [](int r) {
    return "{code=\"" + std::to_string(200 + r % 5 * 75) + "\",handler=\"/api/v1/items/" + std::to_string(r) +
           "\",method=\"" + (r % 3 == 0 ? "POST" : "GET") + "\",zone=\"eu-central\"";
  };
  int value = 1;
  const auto next = [&] { return std::to_string((value = value * 5 % 999983)) + "\n"; };
  for (const char* name : {"shop_backend_duration_seconds", "shop_request_duration_seconds",
                           "shop_sli_duration_seconds", "shop_response_size_bytes"}) {
    family(name, "histogram");
    for (int r = 0; r < 345; ++r) {
      for (const char* le : {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60",
                             "120", "300", "+Inf"})
        text += std::string(name) + "_bucket" + route(r) + ",le=\"" + le + "\"} " + next();
      text += std::string(name) + "_sum" + route(r) + "} 12.625e-05\n";
      text += std::string(name) + "_count" + route(r) + "} " + next();
    }
  }
  for (const char* name : {"shop_cache_hits_total", "shop_requests_total", "shop_upstream_errors_total"}) {
    family(name, "counter");
    for (int r = 0; r < 1300; ++r) text += name + route(r) + "} " + next();
  }
  for (const char* name :
       {"go_goroutines", "process_cpu_seconds_total", "process_open_fds", "process_resident_memory_bytes",
        "process_start_time_seconds", "shop_inflight_requests", "shop_queue_depth"}) {
    family(name, "gauge");
    text += name + std::string(" 1.72805e+09\n");
  }
  return text;
}

std::string_view name_in(std::string_view line) { return line.substr(0, line.find_first_of("{ ")); }

/// The ten names that stand on the most bytes: nothing is left to be skipped.
std::vector<CompiledSelector> worst_choice(std::string_view text) {
  std::map<std::string_view, std::size_t> bytes;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (text[at] != '#') bytes[name_in(text.substr(at))] += end - at;
    at = end + 1;
  }
  std::vector<std::pair<std::size_t, std::string_view>> order;
  for (const auto& [name, n] : bytes) order.push_back({n, name});
  std::sort(order.rbegin(), order.rend());
  order.resize(std::min<std::size_t>(order.size(), 10));
  std::vector<CompiledSelector> selectors;
  for (const auto& [n, name] : order) selectors.push_back({*Selector::parse(name), SeriesKind::gauge, false});
  return selectors;
}

std::vector<CompiledSelector> usual_choice(const std::string& label) {
  std::vector<CompiledSelector> selectors;
  for (const auto& [name, families] : kUsual) {
    if (label.find(name) == std::string::npos) continue;
    for (const Family& f : families) selectors.push_back({*Selector::parse(f.selector), f.kind, f.buckets});
  }
  return selectors;
}

struct Counting : ExpositionVisitor {
  std::size_t samples = 0;
  void on_sample(const SampleView&) override { ++samples; }
};

std::size_t count_newlines(std::string_view text) {
  std::size_t n = 0;
  for (const char *at = text.data(), *end = at + text.size(); at < end; ++n) {
    const void* newline = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
    if (newline == nullptr) break;
    at = static_cast<const char*>(newline) + 1;
  }
  return n;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Way {
  const char* name;
  double required = 0, aim = 0; ///< of the speed of `newlines`
  bool may_allocate = false;    ///< a parse begins with nothing, and takes a few buffers
  std::function<bool()> run;    ///< once; false: it did not do what it should
  std::vector<double> seconds;
  std::uint64_t allocated = 0;
};

/// Runs all ways in turns. False: one of them is slower than required, allocates, or failed.
bool compare(const std::string& label, std::string_view text, std::vector<Way>& ways) {
  const int times = std::max(1, static_cast<int>(kRoundBytes / static_cast<double>(text.size())));
  bool good = true;
  for (Way& way : ways)
    for (int i = 0; i < 3; ++i) good = way.run() && good;
  for (int round = 0; round < kRounds; ++round) {
    for (Way& way : ways) {
      const std::uint64_t before = allocations;
      const double from = cpu_seconds();
      for (int i = 0; i < times; ++i) good = way.run() && good;
      const double took = cpu_seconds() - from;
      way.allocated += allocations - before;
      way.seconds.push_back(took / times);
    }
  }
  const auto speed = [&](const Way& way) { return static_cast<double>(text.size()) / median(way.seconds) / 1e6; };
  std::vector<bench::Row> rows;
  for (const Way& way : ways) {
    const double ratio = speed(way) / speed(ways.front());
    const bool enough = ratio >= way.required && (way.may_allocate || way.allocated == 0);
    good = good && enough;
    std::printf("  %-34s %8.0f %9.3f %12.1f   %s\n", way.name, speed(way), ratio,
                static_cast<double>(way.allocated) / (kRounds * times),
                !enough             ? "MISSED"
                : way.required == 0 ? ""
                : ratio < way.aim   ? "as required"
                                    : "as aimed");
    if (way.required > 0)
      rows.push_back({label + ", " + way.name, bench::text("%.0f MB/s", speed(way)),
                      bench::text("memchr %.0f MB/s", speed(ways.front())), bench::text("%.2f of memchr", ratio),
                      bench::text(">= %.2f", way.required), bench::text(">= %.2f", way.aim),
                      !enough           ? "MISSED"
                      : ratio < way.aim ? "must"
                                        : "aim"});
  }
  if (std::getenv("BENCH_ROWS"))
    for (const bench::Row& row : rows) bench::report(row);
  return good;
}

/// A store that has seen the text twice, and what it must find.
struct Store {
  SampleStore store;
  Scrape scrape;
  std::size_t expected = 0;
  Store(std::vector<CompiledSelector> selectors, std::string_view text, Format format) : store(std::move(selectors)) {
    take(text, format);
    expected = scrape.samples.size();
  }
  bool take(std::string_view text, Format format) {
    store.take(text, format, scrape);
    return scrape.health == ScrapeHealth::ok && scrape.samples.size() == expected;
  }
};

bool measure(const std::string& label, const std::string& text, Format format) {
  const std::size_t lines = count_newlines(text);
  Store usual(usual_choice(label), text, format), worst(worst_choice(text), text, format);
  Counting counting;
  const auto parsed = parse_exposition(text, format, {}, counting);
  if (!parsed || usual.expected == 0) {
    std::printf("%s: %s\n", label.c_str(), parsed ? "none of the families is there" : parsed.error().what.c_str());
    return false;
  }
  std::printf("%s, %s: %.2f MB, %zu lines, %zu samples\n", label.c_str(), std::string(name_of(format)).c_str(),
              static_cast<double>(text.size()) / 1e6, lines, parsed->samples);
  const std::string usual_name = "scan, ten usual: " + std::to_string(usual.expected) + " samples";
  const std::string worst_name = "scan, ten largest: " + std::to_string(worst.expected);
  std::vector<Way> ways{
      {"newlines (memchr)", 0, 0, false, [&] { return count_newlines(text) == lines; }, {}, 0},
      {usual_name.c_str(), 0.25, 0.6, false, [&] { return usual.take(text, format); }, {}, 0},
      {worst_name.c_str(), 0, 0, false, [&] { return worst.take(text, format); }, {}, 0},
      {"parse", 1.0 / 12, 1.0 / 8, true, [&] { return parse_exposition(text, format, {}, counting).ok(); }, {}, 0}};
  return compare(label + " (" + std::string(name_of(format)) + ")", text, ways);
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void pin() {
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return;
  int last = -1;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &cpus)) last = cpu;
  CPU_ZERO(&cpus);
  CPU_SET(last, &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) std::printf("NOT PINNED to a core\n");
}

} // namespace

int main(int argc, char** argv) {
  pin();
  std::printf("                                         MB/s of memchr allocations\n");
  bool good = true;
  for (int i = 1; i < argc; ++i) {
    const std::string path = argv[i], label = path.substr(path.rfind('/') + 1), text = read_file(argv[i]);
    good = measure(label, text, Format::prometheus) && good;
    if (label.find("ksm") != std::string::npos) good = measure(label, text + "# EOF\n", Format::openmetrics) && good;
  }
  if (argc == 1) {
    const std::string text = made_up();
    good = measure("made-up shop", text, Format::prometheus) && good;
    good = measure("made-up shop", text + "# EOF\n", Format::openmetrics) && good;
  }
  std::printf("ten usual families:\n");
  for (const auto& [name, families] : kUsual) {
    std::printf("  %s:", name.c_str());
    for (const Family& f : families) std::printf(" %s", f.selector);
    std::printf("\n");
  }
  std::printf("quoted, of one other machine, all of 3.4 MB: memchr 24,000 MB/s, VictoriaMetrics 1,560 (0.065),\n"
              "Prometheus textparse 670 (0.028)\n");
  return good ? 0 : 1;
}
