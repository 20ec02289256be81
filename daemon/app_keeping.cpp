#include "daemon/app.hpp"
#include "daemon/learning.hpp"
#include "daemon/message_ids.hpp"
#include "daemon/watch_snapshot.hpp"
#include <algorithm>
#include <functional>
#include <utility>

/// What outlives the daemon, and for how long: the timers of a watch, the histories that baselines are frozen from, records.
namespace backstop {
namespace {

constexpr Duration kSaveEvery = std::chrono::seconds(10);    ///< while a deployment may be judged
constexpr Duration kSaveIdleEvery = std::chrono::minutes(1); ///< when nothing can follow from it; of histories always

/// Evidence gathers: a restart must not lose what ten seconds of it were.
bool gathers(const Evaluation& evaluation) {
  return std::any_of(evaluation.verdicts.begin(), evaluation.verdicts.end(),
                     [](const Verdict& v) { return v.evidence.value_or(0) > v.evidence_needed / 4; });
}

/// A restart must not cost a part of its `for`, which goes by the time of the newest data.
bool timer_runs(const RuleState& rule) {
  return (rule.critical_since != Time{} && rule.level < Level::critical) ||
         (rule.alert_since != Time{} && rule.level < Level::alert);
}

/// All of the rules but what each new reading moves.
std::size_t digest_of(const std::vector<RuleState>& rules) {
  std::size_t digest = rules.size();
  const auto mix = [&](std::size_t value) { digest = (digest ^ value) * 0x100000001b3; };
  for (const RuleState& r : rules) {
    mix(static_cast<std::size_t>(r.level) << 8 | static_cast<std::size_t>(r.reading_level) << 1 | (r.proven ? 1 : 0));
    for (const Time t : {r.alert_since, r.critical_since, r.absent_since}) mix(static_cast<std::size_t>(to_us(t)));
    for (const std::uint8_t h : r.history) mix(h);
    mix(r.value_at_begin ? std::hash<double>{}(*r.value_at_begin) : 1);
  }
  return digest;
}

} // namespace

/// What was decided on is in force from the start. What was measured is read before it is used: of a thousand services that
/// takes longer than all else at the start.
void App::prepare_watch(ServiceWatch& watch, Time now) {
  const std::string& key = watch.key;
  // So that a thousand of them are not saved all at once.
  const auto of_key = static_cast<std::int64_t>(std::hash<std::string>{}(key) >> 1);
  watch.kept.saved = watch.kept.histories_saved = now - Duration{of_key % kSaveIdleEvery.count()};
  const DeploymentState* d = state().active(key);
  if (!d) return;
  judge_by(watch.watch, d->baselines, d->lines, judge_in_force(watch.config, d).sequential.sustain);
  restore_watch(watch, now);
}

void App::restore_watch(ServiceWatch& watch, Time now) {
  if (std::exchange(watch.kept.read, true)) return;
  const std::string& key = watch.key;
  const Result<Json> saved = seams_.recorder.get("watch/" + key);
  if (!saved || saved->is_null() || saved->text("config") != watch.config.hash) return;
  Result<WatchState> state = state_of((*saved)["state"]);
  if (!state) return;
  state->history.resize(watch.watch.spec().indicators.size());
  if (!watch.watch.restore(*std::move(state), now)) watch.watch.forget_history();
  // Killed between the first move of traffic and the next save: what was gathered is the old version's.
  const DeploymentState* d = this->state().active(key);
  const bool moved = d && d->phase == Phase::deploying && !d->side.empty() && d->traffic.since != Time{};
  if (moved && watch.watch.clean_since() < d->traffic.since) watch.watch.start_clean(d->traffic.since);
  watch.learned = saved->text("learned");
  watch.settling.restore(settling_of((*saved)["settling"]));
  const Result<Json> histories = seams_.recorder.get("history/" + key);
  if (!histories || histories->is_null()) return;
  if (histories->text("config") != watch.config.hash || histories->text("learned") != watch.learned) return;
  if (const auto read = histories_of((*histories)["indicators"])) watch.watch.restore_histories(*read, now);
}

/// Once something moved that a restart would not find again by itself, and now and then.
void App::keep_watch(ServiceWatch& watch, Time now) {
  const std::vector<RuleState>& rules = watch.watch.rules();
  const bool moved = digest_of(rules) != watch.kept.digest || std::any_of(rules.begin(), rules.end(), timer_runs) ||
                     gathers(watch.last);
  const Duration every = state().active(watch.key) ? kSaveEvery : kSaveIdleEvery;
  if (moved || now - watch.kept.saved >= every) save_watch(watch, now);
  if (now - watch.kept.histories_saved >= kSaveIdleEvery) save_histories(watch, now);
}

void App::save_watch(ServiceWatch& watch, Time now) {
  restore_watch(watch, now); // else nothing would stand in its place
  WatchState state = watch.watch.save();
  state.history.clear(); // see save_histories()
  Json kept = Json::object();
  kept.set("config", watch.config.hash)
      .set("learned", watch.learned)
      .set("settling", snapshot_of(watch.settling.state()))
      .set("state", snapshot_of(state));
  watch.kept.saved = now;
  watch.kept.digest = digest_of(watch.watch.rules());
  tell_of_saving(watch.key, seams_.recorder.put("watch/" + watch.key, kept));
}

void App::save_histories(ServiceWatch& watch, Time now) {
  restore_watch(watch, now);
  watch.kept.histories_saved = now;
  Json kept = Json::object();
  kept.set("config", watch.config.hash)
      .set("learned", watch.learned)
      .set("indicators", snapshot_of(watch.watch.save().history));
  tell_of_saving(watch.key, seams_.recorder.put("history/" + watch.key, kept));
}

Result<bool> App::keep_journal(Time now, const Retention::Limits& limits) {
  if (!degraded().empty()) return false;
  Result<bool> more = retention_.go_on(config_.daemon.journal_keep, limits, now);
  if (!ledger_.idle()) settle(now);
  return more;
}

void App::test_channel(const std::string& channel, const std::string& actor, Time now,
                       std::function<void(const Reply&)> done) {
  std::string known;
  bool found = false;
  for (const config::Channel& c : config_.daemon.channels) {
    known += (known.empty() ? "" : ", ") + c.name;
    found = found || c.name == channel;
  }
  if (!found)
    return done(refusal("not_found", "channel '" + channel + "'", "does not exist",
                        known.empty() ? "no channel is configured" : "configured are: " + known));
  const Notice notice{"backstopd/test." + std::to_string(to_us(now)) + "/" + channel, channel, "info",
                      "this is a test of the channel " + channel + ", asked for by " + actor, R"({"event":"test"})"};
  seams_.notifier.send(notice, [this, channel, actor, now, done = std::move(done)](const Delivery& told) {
    ChannelTested tested{channel, told.status ? told.answer : told.status.error().what, told.status.ok()};
    Reply reply;
    reply.details.set("channel", channel).set("taken", tested.taken).set("answer", tested.answer);
    if (degraded().empty()) {
      const Time then = std::max(now, state().last_time);
      ledger_.add(std::move(tested), then, actor);
      settle(then);
    }
    done(reply);
  });
}

void App::tell_of_saving(const std::string& key, const Status& saved) {
  const std::string why = saved ? "" : saved.error().what;
  if (std::exchange(unsaved_[key], why) != why && !why.empty())
    seams_.log.write(LogLevel::warning, "the timers of " + key + " cannot be saved for now: " + why,
                     {message_field(Message::timers_not_kept)});
}

} // namespace backstop
