#pragma once
#include "tests/fakes/app_world.hpp"
#include "tests/fakes/killing_runner.hpp"
#include <functional>
#include <gtest/gtest.h>
#include <string>

namespace backstop {

/// A story that is told to its end again and again, with a daemon that dies at another instant each time.
struct KilledStory {
  std::string service;                    ///< its file
  std::function<void(AppWorld&)> prepare; ///< what the host is like
  std::function<void(AppWorld&)> drive;   ///< to its end; goes on from wherever it was cut off
  std::function<void(AppWorld&, const std::string& where)> expect_whole;
};

/// Runs the story, killed once as `plan` says; false: the kill never came, the whole story has been tried.
template <class Plan> bool killed_once(const KilledStory& story, const std::string& where, Plan plan) {
  AppWorld w({story.service});
  KillingRunner runner(w.steps);
  w.runner = &runner;
  story.prepare(w);
  w.prepare_start = [&] { plan(w, runner); };
  bool killed = false;
  try {
    w.start();
    story.drive(w);
  } catch (const Crash&) {
    killed = true;
  } catch (const Killed&) {
    killed = true;
  }
  if (killed) {
    runner.before = runner.after = 0;
    w.prepare_start = {};
    w.kill();
    w.run_dead(3);
    w.start();
    story.drive(w);
  }
  story.expect_whole(w, where);
  return killed;
}

/// Before and after each append to the journal, before and after each act.
inline void kill_everywhere(const KilledStory& story) {
  std::uint64_t n = 1;
  for (bool going = true; going && !testing::Test::HasFailure(); ++n) {
    const std::string at = std::to_string(n);
    const bool before = killed_once(story, "killed before append " + at,
                                    [&](AppWorld& w, KillingRunner&) { w.faulty->crash_before(n); });
    const bool after =
        killed_once(story, "killed after append " + at, [&](AppWorld& w, KillingRunner&) { w.faulty->crash_after(n); });
    going = before || after;
  }
  EXPECT_GT(n, 8U) << "a procedure has more appends than that";
  int k = 1;
  for (bool going = true; going && !testing::Test::HasFailure(); ++k) {
    const std::string at = std::to_string(k);
    const bool before =
        killed_once(story, "killed before act " + at, [&](AppWorld&, KillingRunner& r) { r.before = k; });
    const bool after = killed_once(story, "killed after act " + at, [&](AppWorld&, KillingRunner& r) { r.after = k; });
    going = before || after;
  }
  EXPECT_GT(k, 3) << "a procedure has more acts than that";
}

} // namespace backstop
