#include "daemon/views.hpp"

namespace backstop {

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
    indicators.push(
        Json::object().set("name", specs[k].name).set("unit", name_of(specs[k].unit)).set("values", std::move(values)));
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
