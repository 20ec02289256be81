#include "collectors/request_probe.hpp"
#include <utility>

namespace backstop {

RequestProbe::RequestProbe(HttpFetcher& fetcher, HttpRequest request, HttpExpectation expectation)
    : fetcher_(fetcher), request_(std::move(request)), expectation_(std::move(expectation)) {
  request_.max_bytes = kMostBody;
  request_.own_connection = true;
}

RequestProbe::~RequestProbe() {
  if (running_ != 0) fetcher_.cancel(running_);
}

void RequestProbe::start(Done done) {
  running_ = fetcher_.start(request_, [this, done = std::move(done)](Result<HttpResponse> response) {
    running_ = 0;
    if (!response && !tells_of_service(response.error())) return done(response.error());
    Attempt attempt;
    if (response) {
      attempt = {expectation_.fault_in(*response), response->took, response->status, response->certificate_left};
    } else {
      attempt.why = response.error().what;
    }
    done(ProbeAnswer{SamplesAnswer{meter_.take(attempt), attempt.why}});
  });
}

} // namespace backstop
