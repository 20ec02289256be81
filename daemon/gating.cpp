#include "daemon/gating.hpp"
#include "daemon/config/quantities.hpp"
#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace backstop {
namespace {

const config::Gates& gates_of(const DeploymentState& d) {
  static const config::Gates none;
  return d.config && d.config->gates ? *d.config->gates : none;
}

std::string date_of(const WallMinute& at) { return fmt::format("{:04}-{:02}-{:02}", at.year, at.month, at.day); }

CheckedItem look_at(const config::ChecklistItem& item, const ServiceWatch& watch) {
  CheckedItem seen{item.name, "", false};
  if (const auto* indicator = std::get_if<config::IndicatorItem>(&item.kind)) {
    seen.why = "nothing was measured yet";
    for (const Reading& r : watch.last.readings) {
      const IndicatorSpec& spec = watch.watch.spec().indicators[r.indicator];
      if (spec.name != indicator->indicator) continue;
      seen.passed = r.usable() && indicator->limit.holds(r.value);
      seen.why = r.usable() ? indicator->indicator + " is " + show(r.value, spec.unit) + ", wanted is " +
                                  show(indicator->limit, spec.unit)
                            : indicator->indicator + ": " + r.why;
    }
  } else if (const auto* probe = std::get_if<config::ProbeItem>(&item.kind)) {
    seen.passed = true;
    std::size_t targets = 0;
    for (std::size_t i = 0; i < watch.sources.size(); ++i) {
      if (watch.config.sources[i].name != probe->source) continue;
      for (std::uint32_t place = 0; place < watch.sources[i].size(); ++place) {
        if (!watch.places[i].present(place) || !watch.judges(static_cast<std::uint32_t>(i), place)) continue;
        ++targets;
        if (watch.sources[i][place].up) continue;
        seen.passed = false;
        seen.why = watch.places[i].name(place) + ": " +
                   (watch.sources[i][place].why.empty() ? "not asked yet" : watch.sources[i][place].why);
      }
    }
    if (targets == 0) {
      seen.passed = false;
      seen.why = "no target of it is known";
    }
    if (seen.passed) seen.why = std::to_string(targets) + (targets == 1 ? " target answers" : " targets answer");
  }
  return seen;
}

/// How an item stands that is not given: "tests-passing (tech-lead): not signed".
std::string open_line(const config::ChecklistItem& item, const std::string& why) {
  return item.name + " (" + item.role + "): " + why;
}

} // namespace

WallMinute utc_minute(Time at) {
  const std::chrono::sys_time<std::chrono::microseconds> point{std::chrono::microseconds(to_us(at))};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(point - day).count();
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(minutes / 60),
          static_cast<int>(minutes % 60),
          static_cast<int>(std::chrono::weekday(day).c_encoding())};
}

std::vector<CheckedItem> look_at_items(const config::Gates& gates, const ServiceWatch* watch) {
  std::vector<CheckedItem> seen;
  for (const config::ChecklistItem& item : gates.checklist) {
    if (!item.automatic() || std::holds_alternative<config::CommandItem>(item.kind)) continue;
    seen.push_back(watch ? look_at(item, *watch) : CheckedItem{item.name, "the service is not measured", false});
  }
  return seen;
}

std::vector<std::string> open_commands(const DeploymentState& d) {
  std::vector<std::string> open;
  for (const config::ChecklistItem& item : gates_of(d).checklist) {
    const auto check = d.gates->checks.find(item.name);
    if (check == d.gates->checks.end() || check->second.status == StepProgress::Status::done) continue;
    const StepProgress& step = check->second;
    open.push_back(open_line(item, step.status == StepProgress::Status::pending  ? "not run yet"
                                   : step.status == StepProgress::Status::failed ? step.why
                                                                                 : "it runs"));
  }
  return open;
}

std::vector<std::string> open_approvals(const DeploymentState& d) {
  std::vector<std::string> open;
  for (const config::ApprovalRole& approval : gates_of(d).approvals)
    if (!d.gates->approvals.contains(approval.role)) open.push_back(approval.role);
  return open;
}

std::vector<std::string> blind_indicators(const ServiceWatch& watch, Time now) {
  std::vector<std::string> blind;
  const std::vector<Baseline> baselines = watch.watch.freeze(now);
  const Duration window = watch.config.baseline.window;
  std::vector<bool> enforced(watch.watch.spec().indicators.size(), false);
  for (const Verdict& v : watch.last.verdicts)
    if (v.mode != Mode::observe) enforced[v.indicator] = true;
  for (std::size_t i = 0; i < enforced.size(); ++i) {
    if (!enforced[i]) continue;
    const std::string& name = watch.watch.spec().indicators[i].name;
    const Reading* reading = i < watch.last.readings.size() ? &watch.last.readings[i] : nullptr;
    if (!reading || !(reading->usable() || reading->health == Health::insufficient))
      blind.push_back(name + ": " + (reading ? reading->why : "nothing was measured yet"));
    else if (const Duration known = baselines[i].covers; known < window - window / 10)
      blind.push_back(name + ": known for " + config::show_duration(std::chrono::floor<std::chrono::seconds>(known)) +
                      " of the baseline window of " + config::show_duration(window));
  }
  return blind;
}

bool is_blind(const Verdict& verdict) {
  return verdict.mode != Mode::observe && verdict.health != Health::ok && verdict.health != Health::insufficient;
}

std::string closed_at(const config::Gates& gates, Time now, const WallClock& clock) {
  const std::string today = date_of(clock(now, false));
  for (const config::Freeze& freeze : gates.freezes) {
    if (today >= freeze.from && today <= freeze.to)
      return "frozen from " + freeze.from + " to " + freeze.to + (freeze.why.empty() ? "" : ": " + freeze.why);
  }
  std::string windows;
  for (const Calendar& window : gates.windows) {
    if (window.contains(clock(now, window.utc()))) return {};
    windows += (windows.empty() ? "" : ", or ") + window.text();
  }
  return windows.empty() ? "" : "outside of the deployment window, which is " + windows;
}

std::vector<std::string> missing_before(const DeploymentState& d, const ServiceWatch& watch, Time now,
                                        const WallClock& clock) {
  std::vector<std::string> missing;
  const config::Gates& gates = gates_of(d);
  if (const std::string closed = closed_at(gates, now, clock); !closed.empty()) missing.push_back(closed);
  for (const config::ChecklistItem& item : gates.checklist) {
    if (std::holds_alternative<config::CommandItem>(item.kind)) continue;
    if (!item.automatic()) {
      if (!d.gates->items.contains(item.name)) missing.push_back(open_line(item, "not signed"));
    } else if (const CheckedItem seen = look_at(item, watch); !seen.passed) {
      missing.push_back(open_line(item, seen.why));
    }
  }
  for (const std::string& role : open_approvals(d)) missing.push_back("approval of " + role);
  if (gates.monitoring)
    for (const std::string& blind : blind_indicators(watch, now)) missing.push_back("monitoring of " + blind);
  return missing;
}

const config::ChecklistItem* item_of(const DeploymentState& d, const std::string& name) {
  for (const config::ChecklistItem& item : gates_of(d).checklist)
    if (item.name == name) return &item;
  return nullptr;
}

std::string signed_as(const DeploymentState& d, const std::string& actor, const std::string& role) {
  const std::string person = person_of(actor);
  static const GateState none;
  const GateState& gates = d.gates ? *d.gates : none;
  for (const auto& [other, approval] : gates.approvals)
    if (other != role && person_of(approval.by) == person) return other;
  for (const auto& [name, seen] : gates.items) {
    const config::ChecklistItem* item = item_of(d, name);
    if (item && !item->automatic() && item->role != role && person_of(seen.by) == person) return item->role;
  }
  static const std::map<std::string, std::string> no_steps;
  for (const auto& [path, by] : d.rollout ? d.rollout->signed_by : no_steps) {
    const config::Step* step = d.config ? config::step_at(*d.config, path) : nullptr;
    const auto* waits = step ? std::get_if<config::ApproveStep>(&step->kind) : nullptr;
    if (waits && waits->role != role && person_of(by) == person) return waits->role;
  }
  return {};
}

std::string person_of(const std::string& actor) { return actor.substr(0, actor.find('(')); }

} // namespace backstop
