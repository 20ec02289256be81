#pragma once
#include "collectors/promql_probe.hpp"
#include "collectors/selector.hpp"
#include "rules/sample.hpp"

namespace backstop {

/// What a source of PromQL would have given, had it been read before: by range queries, once. For one who has no
/// history of his own.
class PromqlPast {
public:
  using Done = std::function<void(Result<std::vector<Scrape>>)>;
  /// `source`: of the scrapes.
  PromqlPast(HttpFetcher& fetcher, PromqlAsking asking, std::vector<CompiledSelector> selectors, std::uint32_t source);

  struct Stretch {
    Time from{}, to{};   ///< by the engine's clock, as of when the samples are
    Duration step{};     ///< between two reads; at least 1 ms, a multiple of it
    Duration to_judge{}; ///< judge time less the engine's: the scrapes have judge time
  };
  /// `done` is called once, from the loop: with the reads in order, those at which something was there.
  void start(const Stretch& stretch, Done done);

private:
  [[nodiscard]] Result<std::vector<Scrape>> scrapes(const std::vector<PromqlAnswer>& answers,
                                                    const Stretch& stretch) const;

  HttpRequest engine_;
  PromqlRound round_;
  std::vector<CompiledSelector> selectors_;
  std::uint32_t source_;
};

} // namespace backstop
