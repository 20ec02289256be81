#pragma once
#include "bench/sockets.hpp"
#include "tests/system/shop_world.hpp"
#include <algorithm>
#include <cmath>
#include <filesystem>

/// Deployments of the made-up shop that end in a rollback, and what the daemon takes meanwhile.
namespace backstop::bench {

inline double quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

/// KiB of a field of /proc/PID/smaps_rollup or status; -1: it is not there.
inline long kib(pid_t pid, const char* file, const std::string& field) {
  std::istringstream in(shop::read_text("/proc/" + std::to_string(pid) + "/" + file));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(field)) return std::atol(line.c_str() + field.size());
  }
  return -1;
}

/// What a process holds at one time.
struct Held {
  long resident_kib = 0, anonymous_kib = 0, descriptors = 0;
};
inline Held held_by(pid_t pid) {
  const std::filesystem::directory_iterator fds("/proc/" + std::to_string(pid) + "/fd");
  return {kib(pid, "smaps_rollup", "Rss:"), kib(pid, "smaps_rollup", "Anonymous:"),
          std::distance(begin(fds), end(fds))};
}

/// Scrapes of 1 s, a window of 1 s, `for: 0s`: the first scrape after the errors began is the deciding one.
inline shop::Settings one_second_settings(const std::string& bin) {
  shop::Settings s;
  s.interval = "1s", s.timeout = "800ms", s.window = "1s", s.for_critical = "0s", s.good_for = "1s";
  s.min_requests = 50;
  s.good_share = 0.005, s.bad_share = 0.2;
  s.many_steps = false;
  s.link = true;
  s.stamp = bin + "/bench_stamp";
  return s;
}

/// The daemon answers, and knows a version to go back to.
inline bool adopted(shop::World& w) {
  return w.until(
      [&] {
        return !w.ask("POST", "/v1/adopt", R"({"service":"shop","version":"v0-good","reason":"bench"})").is_null();
      },
      shop::milliseconds(20000));
}

/// Begins and finishes a deployment of `version`, which runs then. Its id; empty: it could not begin.
inline std::string begin_deployment(shop::World& w, const std::string& version) {
  std::string id;
  const auto begun = [&] {
    id = w.ask("POST", "/v1/deployments", R"({"service":"shop","version":")" + version + R"("})").text("id");
    return !id.empty();
  };
  if (!w.until(begun, shop::milliseconds(20000))) return "";
  ::unlink((w.dir + "/current").c_str());
  if (::symlink(("releases/" + version).c_str(), (w.dir + "/current").c_str()) != 0) return "";
  w.ask("POST", "/v1/deployments/" + id + "/finish", "{}");
  return id;
}

/// The first instruction of a step of the rollback of deployment `id`, on the wall clock; 0: it has not begun.
inline double started_at(const shop::World& w, const std::string& id, const std::string& step) {
  const std::string steps = shop::read_text(w.dir + "/steps.log"), line = id + " " + step + " ";
  const auto at = steps.find(line);
  return at == std::string::npos ? 0 : std::atof(steps.c_str() + at + line.size());
}

} // namespace backstop::bench
