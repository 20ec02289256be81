#pragma once
#include "collectors/attempts.hpp"
#include "collectors/http_fetcher.hpp"
#include "collectors/probe.hpp"

namespace backstop {

/// Connects and hangs up again. A service that refuses or takes nobody in time gives a good read, with probe_success 0.
class ConnectProbe final : public Probe {
public:
  /// Of `request` where to connect and `timeout` count; see HttpRequest::connect_only.
  ConnectProbe(HttpFetcher& fetcher, HttpRequest request);
  ~ConnectProbe() override;
  void start(Done done) override;

private:
  HttpFetcher& fetcher_;
  HttpRequest request_;
  AttemptMeter meter_;
  HttpFetcher::Id running_ = 0;
};

} // namespace backstop
