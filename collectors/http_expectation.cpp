#include "collectors/http_expectation.hpp"
#include "collectors/http_fetcher.hpp"
#include <algorithm>
#include <re2/re2.h>
#include <utility>

namespace backstop {

std::string show(const StatusRange& range) {
  constexpr int kClass = 100;
  if (range.low % kClass == 0 && range.high == range.low + kClass - 1) return std::to_string(range.low / kClass) + "xx";
  if (range.low == range.high) return std::to_string(range.low);
  return std::to_string(range.low) + "-" + std::to_string(range.high);
}

Result<HttpExpectation> HttpExpectation::make(std::vector<StatusRange> status, const std::string& body) {
  HttpExpectation expectation;
  expectation.status_ = std::move(status);
  if (body.empty()) return expectation;
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto regex = std::make_shared<const re2::RE2>(body, options);
  if (!regex->ok())
    return fail(Errc::invalid, "\"" + body + "\" is not a regular expression (RE2 syntax): " + regex->error());
  expectation.body_ = std::move(regex);
  return expectation;
}

std::string HttpExpectation::fault_in(const HttpResponse& response) const {
  const bool expected = std::any_of(status_.begin(), status_.end(), [&](const StatusRange& range) {
    return range.low <= response.status && response.status <= range.high;
  });
  if (!expected) {
    std::string wanted;
    for (const StatusRange& range : status_) wanted += (wanted.empty() ? "" : " or ") + show(range);
    return "answered status " + std::to_string(response.status) + ", " + wanted + " wanted";
  }
  if (body_ && !re2::RE2::PartialMatch(response.body, *body_))
    return "answered status " + std::to_string(response.status) + ", but nothing in the body matches \"" +
           body_->pattern() + "\"";
  return {};
}

} // namespace backstop
