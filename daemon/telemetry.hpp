#pragma once
#include "daemon/app.hpp"
#include <memory>
#include <string>

namespace backstop {

/// The daemon's own metrics. Every name stands in metric_names.hpp; docs/metrics.md lists the same names.
class Telemetry {
public:
  explicit Telemetry(const std::string& version);
  ~Telemetry();

  void on_scrape(const ServiceWatch& watch, const Scrape& scrape);
  /// `now`: read afresh, when the record is durable and the act it announces is about to start.
  void on_record(const Payload& payload, const State& state, Time now);
  void samples_dropped(const std::string& reason, double count);
  void journal_commit(Duration took);
  void loop_lag(Duration lag);

  /// Text exposition 0.0.4 of everything, gauges brought up to date from `app`, as of `now`, first.
  std::string expose(const App& app, Time now);

private:
  void count_delivery(const Payload& payload, const State& state);

  struct Families;
  std::unique_ptr<Families> families_;
};

} // namespace backstop
