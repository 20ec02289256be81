#include "collectors/promql_round.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

Result<PromqlAnswer> answer_to(const PromqlQuery& query, const Result<HttpResponse>& response,
                               const PromqlLimits& limits) {
  if (!response) return response.error();
  constexpr int kOk = 200;
  Result<PromqlAnswer> answer = read_promql_answer(response->body, limits);
  // A proxy in between answers with a page of its own: then the status says more.
  if (response->status != kOk && (answer || answer.error().code == Errc::invalid))
    return fail(Errc::io, "answered status " + std::to_string(response->status) + ", 200 wanted");
  if (!answer) return answer.error().in("query " + query.name);
  return answer;
}

} // namespace

PromqlRound::PromqlRound(HttpFetcher& fetcher, std::vector<PromqlQuery> queries, PromqlLimits limits)
    : fetcher_(fetcher), queries_(std::move(queries)), limits_(limits), running_(queries_.size()) {}

PromqlRound::~PromqlRound() { cancel(); }

void PromqlRound::start(const Ask& ask, Done done) {
  if (queries_.empty()) return done(std::vector<PromqlAnswer>{}); // no indicator uses one
  done_ = std::move(done);
  answers_.assign(queries_.size(), std::nullopt);
  for (std::size_t i = 0; i < queries_.size(); ++i)
    running_[i] =
        fetcher_.start(ask(queries_[i]), [this, i](const Result<HttpResponse>& response) { answered(i, response); });
}

void PromqlRound::answered(std::size_t query, const Result<HttpResponse>& response) {
  running_[query] = 0;
  Result<PromqlAnswer> answer = answer_to(queries_[query], response, limits_);
  if (!answer) {
    cancel();
    return std::exchange(done_, nullptr)(answer.error());
  }
  answers_[query] = *std::move(answer);
  std::vector<PromqlAnswer> all;
  if (!std::all_of(answers_.begin(), answers_.end(), [](const auto& a) { return a.has_value(); })) return;
  for (auto& a : answers_) all.push_back(*std::move(a));
  std::exchange(done_, nullptr)(std::move(all));
}

void PromqlRound::cancel() {
  for (HttpFetcher::Id& id : running_)
    if (const HttpFetcher::Id running = std::exchange(id, 0); running != 0) fetcher_.cancel(running);
}

} // namespace backstop
