#pragma once
#include "collectors/promql_query.hpp"
#include "collectors/selector.hpp"
#include "daemon/config/config.hpp"
#include "rules/indicator.hpp"
#include "rules/result.hpp"
#include "rules/table.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace backstop::config {

/// What the collectors need to know of a source. Its index is Scrape::source; how it is reached stands in the
/// config::Source of the same index.
struct CompiledSource {
  std::string name;
  Duration interval{};
  Duration query_offset{}; ///< its samples are of so long ago
  std::vector<CompiledSelector>
      selectors; ///< each once, in the order of the indicators, then detect; the index is Sample::selector
  std::vector<PromqlQuery> queries; ///< of a promql source: those that an indicator uses
};

/// Which samples say what version runs.
struct DetectSamples {
  std::uint32_t source = 0;
  std::uint32_t selector = 0;
};

/// A service as the rules and the collectors take it: all names resolved to indices.
struct CompiledService {
  std::vector<CompiledSource> sources;   ///< in the order of Service::sources
  std::vector<IndicatorSpec> indicators; ///< in the order of Service::indicators
  Table table;
  std::optional<DetectSamples> detect; ///< where deployments are known by samples
};

/// Compiles a service that was read without faults. An error is a fault that the reader would have found
/// (a hand-made Service): a name that refers to nothing, a selector that is none.
Result<CompiledService> compile(const Service& service);

} // namespace backstop::config
