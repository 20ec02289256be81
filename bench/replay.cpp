/// replay [HOURS]: how much faster than time a recording is replayed: one service, a scrape every 5 s, the five usual indicators
/// and the sequential judge, a deployment after half an hour that is watched to the end. From the text of the recording to the
/// decision log. The target is 10,000 times.
#include "daemon/replay/replay.hpp"
#include "bench/usual_service.hpp"
#include "daemon/config/read.hpp"
#include "daemon/record.hpp"
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace backstop;

constexpr int kStart = 1'767'225'600, kEvery = 5, kBefore = 1800, kBuckets = 12;

std::string service_text() {
  return bench::usual_service("service: shop\nbake: {for: 400h, good_after: 2h}\n", "interval: 5s", "code=\"500\"");
}

/// The answers of every five seconds, as an export has them.
std::string recording(int seconds) {
  std::string text;
  long requests = 0;
  for (int t = kEvery; t <= seconds; t += kEvery) {
    const std::string at = " " + std::to_string(kStart + t) + "\n";
    requests += 200 + t % 37;
    text += "requests_total{code=\"200\"} " + std::to_string(requests) + at;
    text += "requests_total{code=\"500\"} " + std::to_string(requests / 200) + at;
    for (int b = 0; b < kBuckets; ++b) {
      const std::string le = b + 1 == kBuckets ? "+Inf" : std::to_string(0.005 * (1 << b));
      text += "seconds_bucket{le=\"" + le + "\"} " + std::to_string(requests * (b + 1) / kBuckets) + at;
    }
    text += "cpu_percent " + std::to_string(40 + t % 7) + at;
    text += "memory_percent " + std::to_string(50 + t % 3) + at;
    text += "connections_in_use " + std::to_string(20 + t % 5) + at;
  }
  return text + "# EOF\n";
}

} // namespace

int main(int argc, char** argv) {
  const int seconds = kBefore + 3600 * (argc > 1 ? std::atoi(argv[1]) : 10);
  config::ServiceOutcome read = config::load_service(service_text(), "shop.yaml");
  if (!read.ok()) {
    std::fprintf(stderr, "%s\n", config::text_of(read.faults.front()).c_str());
    return 1;
  }
  replay::Request request;
  request.service = read.service;
  request.service.hash = sha256_hex(service_text());
  const std::string samples = recording(seconds);
  request.samples = samples;
  request.samples_file = "made";
  request.events =
      replay::deployed_at(time_from_us((std::int64_t{kStart} + kBefore) * 1'000'000), request.service.key());
  request.go_on = true;
  const auto begin = std::chrono::steady_clock::now();
  const Result<replay::Outcome> outcome = replay::replay(request);
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!outcome) {
    std::fprintf(stderr, "%s\n", outcome.error().what.c_str());
    return 1;
  }
  std::printf("%.1f h, %zu scrapes, %.1f MiB of text: replayed in %.2f s, %.0f times faster than time\n",
              seconds / 3600.0, outcome->scrapes, static_cast<double>(samples.size()) / (1 << 20), took,
              seconds / took);
  return 0;
}
