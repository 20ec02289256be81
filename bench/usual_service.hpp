#pragma once
#include <string>

namespace backstop::bench {

/// A service file with the five usual indicators of the standard table over one exposition. `top`: what stands before its
/// sources; `source`: more of the source, as "interval: 1s"; `errors`: the label that makes a request a failed one.
inline std::string usual_service(const std::string& top, const std::string& source, const std::string& errors) {
  return top + "sources: {app: {type: prometheus, " + source + R"(, targets: [{url: "http://127.0.0.1:1/metrics"}]}}
indicators:
  error_rate: {ratio: {source: app, errors: 'requests_total{)" +
         errors + R"(}', total: requests_total}, min_requests: 50}
  latency_p95: {quantile: 0.95, source: app, histogram: seconds, min_requests: 50}
  cpu_usage: {gauge: cpu_percent, source: app}
  memory_usage: {gauge: memory_percent, source: app}
  db_connections: {gauge: connections_in_use, source: app}
thresholds: standard
procedures: {rollback: [{name: execute, kind: run, argv: [/bin/true]}, {name: verify, kind: watch}]}
)";
}

} // namespace backstop::bench
