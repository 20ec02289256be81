#pragma once
#include "collectors/attempts.hpp"
#include "collectors/http_expectation.hpp"
#include "collectors/http_fetcher.hpp"
#include "collectors/probe.hpp"

namespace backstop {

/// One request over a connection of its own, and what came of it. A service that refuses, breaks off, does not answer
/// in time or answers otherwise than expected gives a good read, with probe_success 0.
class RequestProbe final : public Probe {
public:
  static constexpr std::size_t kMostBody = std::size_t{1} << 20;
  RequestProbe(HttpFetcher& fetcher, HttpRequest request, HttpExpectation expectation);
  ~RequestProbe() override;
  void start(Done done) override;

private:
  HttpFetcher& fetcher_;
  HttpRequest request_;
  HttpExpectation expectation_;
  AttemptMeter meter_;
  HttpFetcher::Id running_ = 0;
};

} // namespace backstop
