#include "daemon/replay/past_deployment.hpp"
#include <algorithm>
#include <tuple>
#include <utility>
#include <variant>

namespace backstop::replay {
namespace {

class Story {
public:
  Story(std::string id, const std::map<std::string, Time>& held) : id_(std::move(id)), held_(held) {}

  Status take(const Record& record) {
    Result<Payload> payload = decode(record);
    if (!payload) return payload.error();
    record_ = &record;
    std::visit(*this, *payload);
    boot_ = record.boot;
    return {};
  }
  Result<PastDeployment> end() {
    if (past_.config_text.empty() || past_.frozen.id.empty())
      return fail(Errc::invalid, id_ + ": it was never begun, so there is nothing to replay");
    std::stable_sort(past_.events.begin(), past_.events.end(),
                     [](const Event& a, const Event& b) { return a.t < b.t; });
    return std::move(past_);
  }

  void operator()(const DeploymentRequested& p) {
    if (p.id != id_) return;
    past_.service = p.service;
    past_.config_text = p.config_text;
    begin_ = {p.service, p.version, p.previous, p.kind, "", p.components, p.irreversible};
  }
  void operator()(const DeploymentBegun& p) {
    if (p.id != id_) return;
    past_.frozen = p;
    for (const auto& [key, until] : held_) hold(key, until, "");
    add(begin_);
  }
  void operator()(const DeploymentFinished& p) {
    if (p.id == id_) finish();
  }
  /// The rules act from the first watch of a plan on.
  void operator()(const StepIntended& p) {
    if (p.deployment == id_ && p.purpose == "bake") finish();
  }
  void operator()(const DeploymentEnded& p) {
    if (p.id != id_) return;
    if (!past_.ended) past_.ended = record_->time;
    // What a person said of it stands behind the name that the record has too.
    const std::string accepted = "accepted by " + record_->actor + ": ";
    if (p.outcome == "succeeded" && p.why.starts_with(accepted))
      add(AcceptNow{past_.service, p.why.substr(accepted.size())});
  }
  void operator()(const RollbackStarted& p) {
    if (p.deployment == id_ && !past_.rolled_back) past_.rolled_back = record_->time;
  }
  void operator()(const HoldSet& p) {
    if (!past_.frozen.id.empty()) hold(p.service, p.until, p.reason);
  }
  void operator()(const HoldEnded& p) {
    if (p.how == "released" && std::erase(holds_, p.service) > 0) add(Unhold{p.service});
  }
  void operator()(const SignalRaised& p) {
    if (p.deployment == id_) add(RaiseSignal{past_.service, p.kind, p.evidence});
  }
  void operator()(const TargetsChanged& p) {
    past_.events.push_back({record_->time, std::nullopt, Event::Daemon::runs, "", p});
  }
  void operator()(const DaemonStopped&) { become(Event::Daemon::stops, record_->time); }
  void operator()(const DaemonStarted&) { // after one that was killed too, which wrote nothing
    const bool rebooted = !boot_.empty() && record_->boot != boot_;
    become(rebooted ? Event::Daemon::rebooted : Event::Daemon::starts, record_->time);
  }
  template <class P> void operator()(const P&) {}

private:
  void add(Command command) {
    past_.events.push_back({record_->time, std::move(command), Event::Daemon::runs, record_->actor});
  }
  void finish() {
    if (!std::exchange(finished_, true)) add(FinishDeployment{});
  }
  void become(Event::Daemon what, Time t) { past_.events.push_back({t, std::nullopt, what, ""}); }
  void hold(const std::string& key, Time until, const std::string& reason) {
    if (until <= record_->time) return;
    holds_.push_back(key);
    add(Hold{key, until - record_->time, reason});
  }

  std::string id_;
  const std::map<std::string, Time>& held_;
  PastDeployment past_;
  BeginDeployment begin_;
  const Record* record_ = nullptr;
  std::vector<std::string> holds_; ///< set so far
  std::string boot_;
  bool finished_ = false;
};

bool same(const config::Ratio& a, const config::Ratio& b) {
  return std::tie(a.source, a.errors.text, a.total.text) == std::tie(b.source, b.errors.text, b.total.text);
}
bool same(const config::Quantile& a, const config::Quantile& b) {
  return std::tie(a.q, a.source, a.histogram.text) == std::tie(b.q, b.source, b.histogram.text);
}
bool same(const config::Gauge& a, const config::Gauge& b) {
  return std::tie(a.source, a.gauge.text, a.aggregate) == std::tie(b.source, b.gauge.text, b.aggregate);
}
bool same(const config::Rate& a, const config::Rate& b) {
  return std::tie(a.source, a.counter.text) == std::tie(b.source, b.counter.text);
}
bool same(const config::Indicator& a, const config::Indicator& b) {
  const bool alike = std::visit(
      []<class A, class B>(const A& x, const B& y) {
        if constexpr (std::is_same_v<A, B>)
          return same(x, y);
        else
          return false;
      },
      a.kind, b.kind);
  return alike && std::tie(a.name, a.window, a.min_requests) == std::tie(b.name, b.window, b.min_requests);
}

} // namespace

Result<PastDeployment> past_deployment(const std::string& id, std::span<const Record> records,
                                       const std::map<std::string, Time>& held) {
  Story story(id, held);
  for (const Record& record : records)
    if (Status taken = story.take(record); !taken) return taken.error().in(id);
  return story.end();
}

std::optional<Time> begun_at(const PastDeployment& past) {
  for (const Event& event : past.events)
    if (event.command && std::holds_alternative<BeginDeployment>(*event.command)) return event.t;
  return {};
}

void start_at(PastDeployment& past, Time first) {
  std::erase_if(past.events, [first](const Event& event) { return !event.command && event.t <= first; });
}

DeploymentBegun still_frozen(DeploymentBegun frozen, const config::Service& then, const config::Service& now) {
  if (then.hash == now.hash) return frozen;
  frozen.lines.clear();
  frozen.learned_from = 0;
  std::erase_if(frozen.baselines, [&](const FrozenBaseline& f) {
    const auto named = [&f](const config::Indicator& i) { return i.name == f.indicator; };
    const auto before = std::find_if(then.indicators.begin(), then.indicators.end(), named);
    const auto after = std::find_if(now.indicators.begin(), now.indicators.end(), named);
    return before == then.indicators.end() || after == now.indicators.end() || !same(*before, *after);
  });
  return frozen;
}

} // namespace backstop::replay
