#pragma once
#include "rules/result.hpp"
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What an engine of PromQL answers (prometheus.io/docs/prometheus/latest/querying/api).
namespace backstop {

struct PromqlPoint {
  double t = 0; ///< seconds since the Unix epoch
  double value = 0;
};

struct PromqlSeries {
  std::vector<std::pair<std::string, std::string>>
      labels;                      ///< without __name__, valid UTF-8, no name twice, no empty value
  std::vector<PromqlPoint> points; ///< one of an instant query; of a range query in order
};

struct PromqlAnswer {
  std::vector<PromqlSeries> series; ///< no two with the same labels
  std::string notes;                ///< what the engine remarked about the query, for people; empty: nothing
};

struct PromqlLimits {
  std::size_t series = 1'000;
  std::size_t points = 500'000; ///< over all series
};

/// Reads an answer of /api/v1/query or /api/v1/query_range: a vector, a matrix or a scalar. Values that are NaN or
/// infinite are left out. An Error says what the engine said, or why this cannot be data:
/// - io: the engine refused or failed; or it left out what it could not reach (a warning that is no remark about the
///   query, or isPartial): part of the data is no data;
/// - invalid: not JSON, not such an answer, native histograms, two series that differ in their name alone, or a query
///   that gives no numbers; too_large: more than the limits.
Result<PromqlAnswer> read_promql_answer(std::string_view body, const PromqlLimits& limits = {});

} // namespace backstop
