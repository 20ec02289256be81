#pragma once
#include "collectors/http_fetcher.hpp"
#include "collectors/probe.hpp"

namespace backstop {

/// An exposition behind HTTP: any status but 200 is an error of the scrape.
class HttpProbe final : public Probe {
public:
  HttpProbe(HttpFetcher& fetcher, HttpRequest request);
  ~HttpProbe() override;
  void start(Done done) override;

private:
  HttpFetcher& fetcher_;
  HttpRequest request_;
  HttpFetcher::Id running_ = 0;
};

} // namespace backstop
