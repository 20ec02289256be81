/// A bounded load generator: an open loop, so that a slow service gets no fewer requests than a quick one. It ends by
/// itself or on SIGTERM, and says in one line what it saw.
#include "examples/checkout/duration_text.hpp"
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <curl/curl.h>
#include <getopt.h>
#include <map>
#include <string>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kUsage =
    "loadgen --url URL [--rate 200] [--for 60s] [--connections 16] [--method POST|GET]\n"
    "Sends requests evenly spaced and prints: sent ok failed unreachable skipped p50 p95, and how many had which "
    "status.\n"
    "  failed: status 400 or more   unreachable: no answer   skipped: due, but all connections were busy for 1 s\n";

constexpr long kTimeoutMs = 5000;
constexpr std::chrono::seconds kMostLate{1};
constexpr std::chrono::seconds kLastAnswers{1};

struct Arguments {
  std::string url;
  std::string method = "POST";
  int rate = 200;
  int connections = 16;
  std::chrono::milliseconds duration{std::chrono::seconds(60)};
};

bool number(const char* text, int most, int& out) {
  const char* end = text + std::strlen(text);
  const auto [last, error] = std::from_chars(text, end, out);
  return error == std::errc{} && last == end && out >= 1 && out <= most;
}

bool set(int key, const char* value, Arguments& out) {
  switch (key) {
  case 'u': out.url = value; return true;
  case 'm': out.method = value; return out.method == "POST" || out.method == "GET";
  case 'r': return number(value, 20'000, out.rate);
  case 'c': return number(value, 256, out.connections);
  case 'f':
    if (const auto duration = checkout::parse_duration(value); duration && duration->count() > 0)
      return out.duration = *duration, true;
    return false;
  default: return false;
  }
}

bool parse(int argc, char** argv, Arguments& out) {
  static const std::array<option, 6> options{{{"url", required_argument, nullptr, 'u'},
                                              {"rate", required_argument, nullptr, 'r'},
                                              {"for", required_argument, nullptr, 'f'},
                                              {"connections", required_argument, nullptr, 'c'},
                                              {"method", required_argument, nullptr, 'm'},
                                              {nullptr, 0, nullptr, 0}}};
  for (int key = 0; (key = ::getopt_long(argc, argv, "", options.data(), nullptr)) != -1;)
    if (!set(key, optarg, out)) return false;
  return optind == argc && !out.url.empty();
}

/// Latencies in buckets 5 % apart from 10 µs on, so that memory does not grow with the time of the run.
class Latencies {
public:
  void add(double seconds) {
    const double step = std::log(std::max(seconds, kLeast) / kLeast) / std::log(kGrowth);
    ++buckets_[std::min(static_cast<std::size_t>(step), buckets_.size() - 1)];
    ++count_;
  }
  /// The middle of the bucket that holds the quantile, in ms; 0 where there was nothing.
  [[nodiscard]] double quantile_ms(double q) const {
    std::uint64_t rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_)));
    for (std::size_t i = 0; i < buckets_.size() && count_ > 0; ++i) {
      if (buckets_[i] >= rank) return 1000 * kLeast * std::pow(kGrowth, static_cast<double>(i) + 0.5);
      rank -= buckets_[i];
    }
    return 0;
  }

private:
  static constexpr double kLeast = 1e-5;
  static constexpr double kGrowth = 1.05;
  std::array<std::uint64_t, 300> buckets_{}; // up to 22 s
  std::uint64_t count_ = 0;
};

struct Counts {
  std::uint64_t sent = 0, ok = 0, failed = 0, unreachable = 0, skipped = 0;
  std::map<long, std::uint64_t> by_status;
};

std::size_t drop(const char*, std::size_t size, std::size_t count, void*) { return size * count; }

class Load {
public:
  explicit Load(const Arguments& arguments)
      : multi_(curl_multi_init()), requests_(static_cast<std::size_t>(arguments.connections)) {
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(arguments.connections));
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(arguments.connections));
    for (Request& request : requests_) {
      request.easy = easy(arguments);
      curl_easy_setopt(request.easy, CURLOPT_PRIVATE, &request);
      free_.push_back(&request);
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() {
    for (Request& request : requests_) {
      curl_multi_remove_handle(multi_, request.easy);
      curl_easy_cleanup(request.easy);
    }
    curl_multi_cleanup(multi_);
  }

  /// Starts one that was due at `due`. False: all connections are busy.
  bool start(Clock::time_point due) {
    if (free_.empty()) return false;
    Request* request = free_.back();
    free_.pop_back();
    request->due = due;
    ++counts.sent;
    curl_multi_add_handle(multi_, request->easy);
    return true;
  }
  void turn() {
    int running = 0;
    curl_multi_perform(multi_, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left))
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
  }
  void wait(std::array<curl_waitfd, 2>& extra, int timeout_ms) {
    curl_multi_poll(multi_, extra.data(), static_cast<unsigned>(extra.size()), timeout_ms, nullptr);
  }
  [[nodiscard]] bool idle() const { return free_.size() == requests_.size(); }
  /// Those still without an answer count as unreachable.
  void give_up() { counts.unreachable += requests_.size() - free_.size(); }

  Counts counts;
  Latencies latencies;

private:
  struct Request {
    CURL* easy = nullptr;
    Clock::time_point due;
  };

  static CURL* easy(const Arguments& arguments) {
    CURL* handle = curl_easy_init();
    curl_easy_setopt(handle, CURLOPT_URL, arguments.url.c_str());
    if (arguments.method == "POST") {
      curl_easy_setopt(handle, CURLOPT_POST, 1L);
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, 0L);
    }
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &drop);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, kTimeoutMs);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    return handle;
  }

  void finish(CURL* handle, CURLcode result) {
    Request* request = nullptr;
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &request);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_multi_remove_handle(multi_, handle);
    free_.push_back(request);
    if (result != CURLE_OK) {
      ++counts.unreachable;
      return;
    }
    ++(status < 400 ? counts.ok : counts.failed);
    ++counts.by_status[status];
    // From when it was due: what a stall holds up is as late as people would find it.
    latencies.add(std::chrono::duration<double>(Clock::now() - request->due).count());
  }

  CURLM* multi_;
  std::vector<Request> requests_;
  std::vector<Request*> free_;
};

int signal_descriptor() {
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGTERM);
  ::sigaddset(&ends, SIGINT);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return ::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

/// Becomes readable at `at`: poll's own milliseconds are too coarse for even spacing.
void wake_at(int timer, Clock::time_point at) {
  const auto ns =
      std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count());
  itimerspec when{};
  when.it_value = {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  ::timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, nullptr);
}

void send_all(const Arguments& arguments, Load& load, int signals) {
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  const auto every = std::chrono::nanoseconds(1'000'000'000 / arguments.rate);
  std::array<curl_waitfd, 2> extra{{{timer, CURL_WAIT_POLLIN, 0}, {signals, CURL_WAIT_POLLIN, 0}}};
  const auto start = Clock::now();
  const auto end = start + arguments.duration;
  auto due = start;
  while (due < end) {
    const auto now = Clock::now();
    while (due <= now && due < end) {
      if (now - due > kMostLate)
        ++load.counts.skipped;
      else if (!load.start(due))
        break;
      due += every;
    }
    load.turn();
    // Late and all busy: an answer wakes us, and the time after which the next one is skipped.
    wake_at(timer, due > now ? due : due + kMostLate + every);
    load.wait(extra, 1000);
    if (extra[1].revents != 0) break;
  }
  ::close(timer);
}

void last_answers(Load& load) {
  std::array<curl_waitfd, 2> none{{{-1, 0, 0}, {-1, 0, 0}}};
  const auto until = Clock::now() + kLastAnswers;
  for (load.turn(); !load.idle() && Clock::now() < until; load.turn()) load.wait(none, 20);
  load.give_up();
}

} // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const int signals = signal_descriptor();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  {
    Load load(arguments);
    send_all(arguments, load, signals);
    last_answers(load);
    const Counts& c = load.counts;
    std::printf("sent=%llu ok=%llu failed=%llu unreachable=%llu skipped=%llu p50=%.1fms p95=%.1fms",
                static_cast<unsigned long long>(c.sent), static_cast<unsigned long long>(c.ok),
                static_cast<unsigned long long>(c.failed), static_cast<unsigned long long>(c.unreachable),
                static_cast<unsigned long long>(c.skipped), load.latencies.quantile_ms(0.5),
                load.latencies.quantile_ms(0.95));
    for (const auto& [status, count] : c.by_status)
      std::printf(" %ld=%llu", status, static_cast<unsigned long long>(count));
    std::printf("\n");
  }
  curl_global_cleanup();
  return EXIT_SUCCESS;
}
