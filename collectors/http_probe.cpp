#include "collectors/http_probe.hpp"
#include <utility>

namespace backstop {

HttpProbe::HttpProbe(HttpFetcher& fetcher, HttpRequest request) : fetcher_(fetcher), request_(std::move(request)) {
  request_.headers.emplace_back("Accept", "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4");
}

HttpProbe::~HttpProbe() {
  if (running_ != 0) fetcher_.cancel(running_);
}

void HttpProbe::start(Done done) {
  running_ = fetcher_.start(request_, [this, done = std::move(done)](Result<HttpResponse> response) {
    running_ = 0;
    if (!response) return done(response.error());
    if (response->status != 200) {
      return done(fail(Errc::io, "answered status " + std::to_string(response->status) + ", 200 wanted"));
    }
    done(ProbeAnswer{ExpositionAnswer{std::move(response->body), std::move(response->content_type)}});
  });
}

} // namespace backstop
