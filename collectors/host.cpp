#include "collectors/host.hpp"
#include "collectors/kernel_text.hpp"
#include <algorithm>
#include <string_view>

namespace backstop {
namespace {

using namespace kernel_text;
using CpuTicks = HostMeter::CpuTicks;

constexpr std::array<const char*, HostMeter::kModes> kModeNames = {"user",   "nice", "system",  "idle",
                                                                   "iowait", "irq",  "softirq", "steal"};
constexpr std::size_t kIdle = 3;
constexpr std::size_t kIoWait = 4;

/// Idle time may slip back by this share of the busy time before it is taken for another machine's counters.
constexpr double kIdleSlip = 0.01;

constexpr double kKibibyte = 1024;

bool is_idle(std::size_t mode) { return mode == kIdle || mode == kIoWait; }

std::optional<CpuTicks> cpu_ticks(std::string_view stat) {
  std::optional<CpuTicks> ticks;
  each_line(stat, [&](std::string_view line) {
    if (next_word(line) != "cpu") return true;
    CpuTicks t{};
    for (double& field : t) {
      const auto value = number(next_word(line));
      if (!value) return false;
      field = *value;
    }
    ticks = t;
    return false;
  });
  return ticks;
}

double cores_online(std::string_view stat) {
  double cores = 0;
  each_line(stat, [&](std::string_view line) {
    const std::string_view name = next_word(line);
    if (name.substr(0, 3) != "cpu") return false; // the cpu lines come first
    if (name.size() > 3) ++cores;
    return true;
  });
  return cores;
}

std::optional<double> meminfo_bytes(std::string_view meminfo, std::string_view key) {
  std::optional<double> found;
  each_line(meminfo, [&](std::string_view line) {
    if (next_word(line) != key) return true;
    const auto value = number(next_word(line));
    if (value && next_word(line) == "kB") found = *value * kKibibyte;
    return false;
  });
  return found;
}

/// Busy share in percent of the time between two readings. None: the counters were set back or are another machine's.
std::optional<double> busy_percent(const CpuTicks& from, const CpuTicks& to) {
  double busy = 0;
  double idle = 0;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const double step = to[i] - from[i];
    if (is_idle(i)) {
      idle += step;
      continue;
    }
    if (step < 0) return std::nullopt;
    busy += step;
  }
  if (idle < -kIdleSlip * busy) return std::nullopt;
  idle = std::max(idle, 0.0);
  return busy + idle > 0 ? std::optional(100 * busy / (busy + idle)) : std::nullopt;
}

double sum(const CpuTicks& ticks) {
  double total = 0;
  for (const double t : ticks) total += t;
  return total;
}

void take_memory(std::string_view meminfo, std::vector<RawSample>& out) {
  const auto total = meminfo_bytes(meminfo, "MemTotal:");
  const auto available = meminfo_bytes(meminfo, "MemAvailable:");
  if (total) out.push_back({"host_memory_total_bytes", {}, *total});
  if (available) out.push_back({"host_memory_available_bytes", {}, *available});
  // Available above the total happens where a container's limit is faked over the host's numbers.
  if (total && available && *total > 0)
    out.push_back({"host_memory_percent", {}, std::max(0.0, 100 * (1 - *available / *total))});
}

void take_load(std::string_view loadavg, std::vector<RawSample>& out) {
  const auto line = only_line(loadavg);
  if (!line) return;
  std::string_view rest = *line;
  for (const char* name : {"host_load1", "host_load5", "host_load15"})
    if (const auto value = number(next_word(rest))) out.push_back({name, {}, *value});
}

void take_pressure(const char* resource, std::string_view text, std::vector<RawSample>& out) {
  each_line(text, [&](std::string_view line) {
    const std::string kind(next_word(line));
    if (kind != "some" && kind != "full") return true;
    if (kind == "full" && std::string_view(resource) == "cpu") return true;
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
      if (word.substr(0, 3) != "avg") continue;
      const std::size_t equals = word.find('=');
      if (equals == std::string_view::npos) continue;
      const auto value = number(word.substr(equals + 1));
      if (!value) continue;
      const std::string window = std::string(word.substr(3, equals - 3)) + "s";
      out.push_back({"host_pressure_percent", {{"resource", resource}, {"kind", kind}, {"window", window}}, *value});
    }
    return true;
  });
}

} // namespace

HostCapacity capacity_of(const HostTexts& texts) {
  HostCapacity capacity;
  if (texts.stat) capacity.cores = cores_online(*texts.stat);
  if (texts.meminfo) capacity.memory_bytes = meminfo_bytes(*texts.meminfo, "MemTotal:").value_or(0);
  return capacity;
}

void HostMeter::take_cpu(const std::string& stat, std::vector<RawSample>& out) {
  const auto now = cpu_ticks(stat);
  if (!now) return;

  bool set_back = !shown_;
  for (std::size_t i = 0; shown_ && i < kModes; ++i) set_back = set_back || (!is_idle(i) && (*now)[i] < (*shown_)[i]);
  CpuTicks shown = *now;
  // A counter that slips back would be read as one that started again from 0, and count its whole life.
  for (std::size_t i = 0; !set_back && i < kModes; ++i) shown[i] = std::max(shown[i], (*shown_)[i]);
  shown_ = shown;
  for (std::size_t i = 0; i < kModes; ++i)
    out.push_back({"host_cpu_seconds_total", {{"mode", kModeNames[i]}}, shown[i] / ticks_per_second_});

  if (base_ && !set_back && sum(*now) >= sum(*base_) && sum(*now) - sum(*base_) < kMinTicks) return;
  if (base_)
    if (const auto percent = busy_percent(*base_, *now)) out.push_back({"host_cpu_percent", {}, *percent});
  base_ = now;
}

std::vector<RawSample> HostMeter::take(const HostTexts& texts) {
  std::vector<RawSample> out;
  if (texts.stat) take_cpu(*texts.stat, out);
  if (texts.meminfo) take_memory(*texts.meminfo, out);
  if (texts.loadavg) take_load(*texts.loadavg, out);
  if (texts.pressure_cpu) take_pressure("cpu", *texts.pressure_cpu, out);
  if (texts.pressure_memory) take_pressure("memory", *texts.pressure_memory, out);
  if (texts.pressure_io) take_pressure("io", *texts.pressure_io, out);
  return out;
}

} // namespace backstop
