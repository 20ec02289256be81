#include "collectors/cgroup.hpp"
#include "collectors/kernel_text.hpp"
#include <algorithm>
#include <limits>
#include <string_view>

namespace backstop {
namespace {

using namespace kernel_text;

constexpr double kNoLimit = std::numeric_limits<double>::infinity();
constexpr double kMicrosecondsPerSecond = 1e6;
constexpr double kNanosecondsPerSecond = 1e9;

std::optional<double> cpu_seconds(const CgroupTexts& t) {
  if (t.cpu_stat)
    if (const auto us = keyed_number(*t.cpu_stat, "usage_usec")) return *us / kMicrosecondsPerSecond;
  if (t.v1_cpuacct_usage)
    if (const auto ns = only_number(*t.v1_cpuacct_usage)) return *ns / kNanosecondsPerSecond;
  return std::nullopt;
}

std::optional<double> quotient(std::optional<double> quota, std::optional<double> period) {
  if (!quota || !period || *period <= 0) return std::nullopt;
  return *quota / *period;
}

/// The unit's quota in cores, kNoLimit without one; none: there may be one, and it cannot be read.
std::optional<double> cpu_limit(const CgroupTexts& t) {
  if (t.cpu_max) {
    std::string_view rest = only_line(*t.cpu_max).value_or("");
    const std::string_view quota = next_word(rest);
    return quota == "max" ? kNoLimit : quotient(number(quota), number(next_word(rest)));
  }
  if (t.v1_cfs_quota_us) {
    if (*t.v1_cfs_quota_us == "-1\n") return kNoLimit;
    return quotient(only_number(*t.v1_cfs_quota_us), only_number(t.v1_cfs_period_us.value_or("")));
  }
  return kNoLimit;
}

/// As cpu_limit, in bytes. v1 writes "no limit" as a number near 2^63: it is above any RAM.
std::optional<double> memory_limit(const CgroupTexts& t) {
  if (t.memory_max) return *t.memory_max == "max\n" ? kNoLimit : only_number(*t.memory_max);
  if (t.v1_memory_limit) return only_number(*t.v1_memory_limit);
  return kNoLimit;
}

std::optional<double> less(std::optional<double> usage, std::optional<double> inactive_file) {
  if (!usage || !inactive_file) return std::nullopt;
  // The two files are read one after the other, and the kernel gathers memory.stat lazily.
  return std::max(0.0, *usage - *inactive_file);
}

std::optional<double> memory_bytes(const CgroupTexts& t) {
  if (t.memory_current)
    return less(only_number(*t.memory_current), keyed_number(t.memory_stat.value_or(""), "inactive_file"));
  if (t.v1_memory_usage) // the total_ lines have the groups below in them, as the usage has
    return less(only_number(*t.v1_memory_usage), keyed_number(t.v1_memory_stat.value_or(""), "total_inactive_file"));
  return std::nullopt;
}

std::optional<double> oom_kills(const CgroupTexts& t) {
  if (t.memory_events) return keyed_number(*t.memory_events, "oom_kill");
  if (t.v1_memory_control) return keyed_number(*t.v1_memory_control, "oom_kill"); // since Linux 4.13
  return std::nullopt;
}

/// `used` in percent of the limit, or of all there is (0: not known) where that is less.
std::optional<double> percent_of(std::optional<double> used, std::optional<double> limit, double all) {
  if (!used || !limit) return std::nullopt;
  const double most = std::min(*limit, all > 0 ? all : kNoLimit);
  if (most <= 0 || most == kNoLimit) return std::nullopt;
  return 100 * *used / most;
}

} // namespace

std::optional<double> UnitMeter::cpu_cores_used(const CgroupTexts& texts, double cpu_seconds) {
  const Base now{texts.generation, texts.read_at, cpu_seconds};
  if (!base_ || base_->generation != now.generation || now.cpu_seconds < base_->cpu_seconds || now.at < base_->at) {
    base_ = now;
    return std::nullopt;
  }
  const Base from = *base_;
  if (now.at - from.at < kMinElapsed) return std::nullopt;
  base_ = now;
  return (now.cpu_seconds - from.cpu_seconds) / to_seconds(now.at - from.at);
}

std::vector<RawSample> UnitMeter::take(const CgroupTexts& texts, const HostCapacity& host) {
  std::vector<RawSample> out;
  const auto give = [&out](const char* name, std::optional<double> value) {
    if (value) out.push_back({name, {}, *value});
  };
  if (const auto seconds = cpu_seconds(texts)) {
    give("unit_cpu_seconds_total", seconds);
    give("unit_cpu_percent", percent_of(cpu_cores_used(texts, *seconds), cpu_limit(texts), host.cores));
  }
  const auto memory = memory_bytes(texts);
  give("unit_memory_bytes", memory);
  give("unit_memory_percent", percent_of(memory, memory_limit(texts), host.memory_bytes));
  give("unit_oom_kills_total", oom_kills(texts));
  give("unit_tasks", only_number(texts.pids_current.value_or("")));
  return out;
}

} // namespace backstop
