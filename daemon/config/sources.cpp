#include "daemon/config/sources.hpp"

namespace backstop::config {

namespace {

template <class List, class S> List* list_of(S& source) {
  if (auto* prometheus = std::get_if<PrometheusSource>(&source.kind)) return prometheus;
  if (auto* http = std::get_if<HttpSource>(&source.kind)) return http;
  if (auto* tcp = std::get_if<TcpSource>(&source.kind)) return tcp;
  return nullptr;
}

} // namespace

TargetList* targets_of(Source& source) { return list_of<TargetList>(source); }
const TargetList* targets_of(const Source& source) { return list_of<const TargetList>(source); }

Duration query_offset_of(const Source& source) {
  const auto* promql = std::get_if<PromqlSource>(&source.kind);
  return promql ? promql->query_offset : Duration{};
}

std::vector<std::uint32_t> targets_in_group(const std::vector<TargetConfig>& targets, std::string_view group) {
  std::vector<std::uint32_t> found;
  for (std::uint32_t i = 0; i < targets.size(); ++i) {
    const auto label = targets[i].labels.find(kGroupLabel);
    if (label != targets[i].labels.end() && label->second == group) found.push_back(i);
  }
  return found;
}

} // namespace backstop::config
