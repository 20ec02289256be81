#pragma once
#include "collectors/probe.hpp"
#include "collectors/promql_round.hpp"
#include <map>
#include <optional>

namespace backstop {

/// The values of a query that adds up, as a counter of each series. A series that is not in an answer keeps its count;
/// one that was not for kForgotten answers is forgotten.
class AddedUp {
public:
  static constexpr std::uint32_t kForgotten = 100;
  static constexpr std::size_t kMost = 10'000; ///< beyond it all that are not in the answer are forgotten
  /// Appends a sample, for each series of the answer, of what it comes to. Negative values count nothing.
  void take(const PromqlQuery& query, const PromqlAnswer& answer, std::vector<RawSample>& out);

private:
  struct Count {
    double sum = 0;
    std::uint32_t seen = 0; ///< the number of the answer
  };
  std::map<std::vector<std::pair<std::string, std::string>>, Count> counts_;
  std::uint32_t answers_ = 0;
};

/// How a source asks.
struct PromqlAsking {
  HttpRequest engine;
  std::vector<PromqlQuery> queries;
  PromqlLimits limits;
  Duration interval{};     ///< the window of the first read
  Duration query_offset{}; ///< data that comes late: asked for as of so long ago
};

/// An engine of PromQL as one target: all queries as of one time. What is not answered is made up for: the next $window
/// reaches back to the last answer in which something was counted, up to kLongestWindow.
class PromqlProbe final : public Probe {
public:
  using WallClock = std::function<Time()>; ///< by which the engine's samples are timed
  static constexpr Duration kLongestWindow = std::chrono::hours(1);

  PromqlProbe(HttpFetcher& fetcher, PromqlAsking asking, WallClock wall);
  void start(Done done) override;

private:
  [[nodiscard]] SamplesAnswer taken(std::vector<PromqlAnswer>& answers, Time asked);

  HttpRequest engine_;
  Duration interval_, query_offset_;
  WallClock wall_;
  PromqlRound round_;
  std::vector<AddedUp> added_up_; ///< by query
  Time counted_until_{};          ///< where the next window begins; zero: nothing was read yet
};

} // namespace backstop
