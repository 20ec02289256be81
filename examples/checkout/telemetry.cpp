#include "examples/checkout/telemetry.hpp"
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace checkout {

struct Telemetry::Families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests = prometheus::BuildCounter()
                                                          .Name("http_requests_total")
                                                          .Help("Answers to orders and to what is no order.")
                                                          .Register(registry);
  // The limits people care about (200 ms, 500 ms) are bounds, so that a share above them is exact.
  prometheus::Histogram& duration =
      prometheus::BuildHistogram()
          .Name("http_request_duration_seconds")
          .Help("From the request's headers to its answer.")
          .Register(registry)
          .Add({}, prometheus::Histogram::BucketBoundaries{0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5});
  prometheus::Gauge& started = prometheus::BuildGauge()
                                   .Name("process_start_time_seconds")
                                   .Help("Start of the process, Unix time.")
                                   .Register(registry)
                                   .Add({});
  prometheus::Family<prometheus::Gauge>& build =
      prometheus::BuildGauge().Name("checkout_build_info").Help("1; the version is in the label.").Register(registry);
  prometheus::Gauge& db_connections = prometheus::BuildGauge()
                                          .Name("checkout_db_connections")
                                          .Help("Open connections to PostgreSQL.")
                                          .Register(registry)
                                          .Add({});
};

Telemetry::Telemetry(const std::string& version, std::chrono::system_clock::time_point start)
    : families_(std::make_unique<Families>()) {
  families_->started.Set(std::chrono::duration<double>(start.time_since_epoch()).count());
  families_->build.Add({{"version", version}}).Set(1);
}

Telemetry::~Telemetry() = default;

void Telemetry::request(unsigned code, const std::string& method, std::chrono::duration<double> took) {
  families_->requests.Add({{"code", std::to_string(code)}, {"method", method}}).Increment();
  families_->duration.Observe(took.count());
}

std::string Telemetry::text(int db_connections) const {
  families_->db_connections.Set(db_connections);
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

} // namespace checkout
