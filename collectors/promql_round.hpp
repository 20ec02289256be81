#pragma once
#include "collectors/http_fetcher.hpp"
#include "collectors/promql_answer.hpp"
#include "collectors/promql_query.hpp"
#include <functional>
#include <optional>
#include <vector>

namespace backstop {

/// The queries of a source, asked together. One that fails, or that is answered in part, fails the round: what belongs
/// together stays so.
class PromqlRound {
public:
  using Done = std::function<void(Result<std::vector<PromqlAnswer>>)>;
  using Ask = std::function<HttpRequest(const PromqlQuery&)>;

  PromqlRound(HttpFetcher& fetcher, std::vector<PromqlQuery> queries, PromqlLimits limits);
  ~PromqlRound(); ///< one under way is given up
  PromqlRound(const PromqlRound&) = delete;
  PromqlRound& operator=(const PromqlRound&) = delete;

  /// `done` is called once: with an answer for each query, in their order, or with the first failure, which names its query.
  /// It may destroy the round. Never started again before that.
  void start(const Ask& ask, Done done);
  [[nodiscard]] const std::vector<PromqlQuery>& queries() const { return queries_; }

private:
  void answered(std::size_t query, const Result<HttpResponse>& response);
  void cancel();

  HttpFetcher& fetcher_;
  std::vector<PromqlQuery> queries_;
  PromqlLimits limits_;
  Done done_;
  std::vector<HttpFetcher::Id> running_;             ///< by query; 0: none
  std::vector<std::optional<PromqlAnswer>> answers_; ///< by query
};

} // namespace backstop
