#include "daemon/views.hpp"

namespace backstop {
namespace {

Json edges_of(const Band& band) {
  return Json::object()
      .set("low", band.low ? Json(*band.low) : Json())
      .set("high", band.high ? Json(*band.high) : Json());
}

/// The row that judges the indicator, as a picture shows it; nulls where none does.
void set_bands(Json& json, const ServiceWatch& watch, std::size_t indicator) {
  const Row* row = nullptr;
  for (const Row& each : watch.compiled.table.rows)
    if (each.indicator == indicator && !row) row = &each;
  json.set("alert", row ? edges_of(row->alert) : Json()).set("critical", row ? edges_of(row->critical) : Json());
  const std::vector<Baseline>& baselines = watch.watch.baselines();
  const bool usable = indicator < baselines.size() && baselines[indicator].usable;
  json.set("baseline", usable ? Json(baselines[indicator].value) : Json());
}

} // namespace

Json readings_view(const State& state, const ServiceWatch& watch, Time after, Time now) {
  const RecentReadings& recent = watch.recent;
  std::size_t first = 0;
  while (first < recent.size() && recent.time(first) <= after) ++first;
  Json times = Json::array();
  for (std::size_t i = first; i < recent.size(); ++i) times.push(to_us(recent.time(i)));
  Json indicators = Json::array();
  const std::vector<IndicatorSpec>& specs = watch.watch.spec().indicators;
  for (std::size_t k = 0; k < specs.size(); ++k) {
    Json values = Json::array();
    for (std::size_t i = first; i < recent.size(); ++i) {
      const std::optional<double> value = recent.value(i, k);
      values.push(value ? Json(*value) : Json());
    }
    Json indicator = Json::object();
    indicator.set("name", specs[k].name).set("unit", name_of(specs[k].unit)).set("values", std::move(values));
    set_bands(indicator, watch, k);
    indicators.push(std::move(indicator));
  }
  const DeploymentState* d = state.active(watch.key);
  return Json::object()
      .set("service", watch.key)
      .set("now_us", to_us(now))
      .set("deployment", d ? Json(d->id) : Json())
      .set("t_us", std::move(times))
      .set("indicators", std::move(indicators));
}

} // namespace backstop
