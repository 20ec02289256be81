#pragma once
#include "daemon/past_views.hpp"
#include "daemon/report/report.hpp"
#include "tests/fakes/app_world.hpp"
#include "tests/unit/daemon/shop_config.hpp"
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

/// What the real daemon recorded in virtual time, as `backstopctl report` gets it.
namespace backstop::report::test {

inline Result<config::Service> frozen(const std::string& text, const std::string&) {
  config::ServiceOutcome outcome = config::load_service(text, "frozen.yaml");
  if (!outcome.ok()) return fail(Errc::invalid, config::text_of(outcome.faults.front()));
  return std::move(outcome.service);
}

/// One hour ahead, all year.
inline LocalClock an_hour_ahead(Time) { return {std::chrono::hours(1), "CET"}; }
inline LocalClock at_utc(Time) { return {Duration{}, "UTC"}; }

/// A shop that runs at v1 and has a baseline.
struct Shop : AppWorld {
  explicit Shop(const ShopConfig& config = {}) : AppWorld({config.text()}) {
    start();
    run(8);
    adopt("shop", "v1");
    run(40);
  }
  void deploy_bad(int seconds) {
    const Reply begun = begin("shop", "v2", [](BeginDeployment& b) { b.components = {"api", "web"}; });
    run(4);
    command(FinishDeployment{begun.id}, "uid:1000(ana)");
    shops["shop/production"].error_share = 0.3;
    run(seconds);
  }
  void mend(int seconds) {
    shops["shop/production"].error_share = 0;
    run(seconds);
  }
};

inline Material material_of(AppWorld& world, const std::string& id, bool with_samples = true) {
  Material material;
  const State& state = world.app->state();
  const DeploymentState* d = told_deployment(state, id, material.incident);
  if (!d) throw std::runtime_error("no " + id);
  material.deployment = d->id;
  for (std::uint64_t after = 0;;) {
    const Result<Json> page = told_page(world.journal, state, *d, after);
    if (!page) throw std::runtime_error(page.error().what);
    const Result<std::uint64_t> next = read_records_page(*page, material.records);
    if (!next || *next == 0) break;
    after = *next;
  }
  if (!with_samples) {
    material.no_scrapes = "nothing was recorded of it, or it is too old";
    return material;
  }
  const auto [first, end] = FlightRecorder::span_of(*d);
  material.scrapes = *world.app->flight().scrapes(d->service, first, end, 1'000'000);
  return material;
}

inline Report report_on(AppWorld& world, const std::string& id, bool with_samples = true) {
  Result<Report> report = report_of(material_of(world, id, with_samples), frozen);
  if (!report) throw std::runtime_error(report.error().what);
  return *std::move(report);
}

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Held against tests/golden/report/NAME, byte by byte. To renew them after a wanted change:
///     BACKSTOP_RENEW_GOLDEN=1 build/dev/bin/test_report; git diff tests/golden/report
inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(BACKSTOP_SOURCE_DIR) + "/tests/golden/report/" + name;
  if (std::getenv("BACKSTOP_RENEW_GOLDEN")) std::ofstream(path, std::ios::binary) << text;
  const std::string expected = slurp(path);
  EXPECT_FALSE(expected.empty()) << "there is no " << path << "; material.hpp says how to make it";
  EXPECT_EQ(text, expected);
}

} // namespace backstop::report::test
