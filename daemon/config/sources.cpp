#include "daemon/config/sources.hpp"

namespace backstop::config {

namespace {

template <class S> auto targets_in(S& source) -> decltype(&std::get<PrometheusSource>(source.kind).targets) {
  if (auto* prometheus = std::get_if<PrometheusSource>(&source.kind)) return &prometheus->targets;
  if (auto* http = std::get_if<HttpSource>(&source.kind)) return &http->targets;
  if (auto* tcp = std::get_if<TcpSource>(&source.kind)) return &tcp->targets;
  return nullptr;
}

} // namespace

std::vector<TargetConfig>* targets_of(Source& source) { return targets_in(source); }
const std::vector<TargetConfig>* targets_of(const Source& source) { return targets_in(source); }

Duration query_offset_of(const Source& source) {
  const auto* promql = std::get_if<PromqlSource>(&source.kind);
  return promql ? promql->query_offset : Duration{};
}

std::size_t target_count(const Source& source) {
  const auto* targets = targets_of(source);
  return targets ? targets->size() : 1;
}

std::string target_name(const Source& source, std::size_t target) {
  const auto* targets = targets_of(source);
  return targets && target < targets->size() ? (*targets)[target].name() : std::string();
}

} // namespace backstop::config
