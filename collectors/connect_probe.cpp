#include "collectors/connect_probe.hpp"
#include <utility>

namespace backstop {

ConnectProbe::ConnectProbe(HttpFetcher& fetcher, HttpRequest request)
    : fetcher_(fetcher), request_(std::move(request)) {
  request_.connect_only = true;
}

ConnectProbe::~ConnectProbe() {
  if (running_ != 0) fetcher_.cancel(running_);
}

void ConnectProbe::start(Done done) {
  running_ = fetcher_.start(request_, [this, done = std::move(done)](Result<HttpResponse> response) {
    running_ = 0;
    if (!response && !tells_of_service(response.error())) return done(response.error());
    Attempt attempt;
    if (response)
      attempt.took = response->took;
    else
      attempt.why = response.error().what;
    done(ProbeAnswer{SamplesAnswer{meter_.take(attempt), attempt.why}});
  });
}

} // namespace backstop
