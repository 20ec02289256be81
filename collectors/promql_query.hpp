#pragma once
#include "collectors/http_fetcher.hpp"
#include "rules/time.hpp"
#include <string>
#include <string_view>

/// Questions to an engine of PromQL.
namespace backstop {

/// One query of a source.
struct PromqlQuery {
  std::string name;       ///< as configured
  std::string metric;     ///< what its series are called
  std::string expression; ///< may say $window
  /// Its values are increases over $window, and become a counter: they are added up.
  bool adds_up = false;
};

/// Stands for the time from the last answer to this one.
inline constexpr std::string_view kPromqlWindow = "$window";
bool says_window(std::string_view expression);
/// The query as it is asked. `window` in whole milliseconds, at least one.
std::string resolve_window(std::string_view expression, Duration window);

/// How every question is asked: where, as whom, and for how long. `url` is the address of the engine, to which
/// /api/v1/... is added. Engines that can leave out what they cannot reach are asked not to.
HttpRequest instant_query(const HttpRequest& engine, std::string_view resolved, Time wall);
/// `step` apart, both ends included.
HttpRequest range_query(const HttpRequest& engine, std::string_view resolved, Time from, Time to, Duration step);

} // namespace backstop
