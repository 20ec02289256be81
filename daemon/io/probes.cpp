#include "daemon/io/probes.hpp"
#include "collectors/connect_probe.hpp"
#include "collectors/http_probe.hpp"
#include "collectors/plugin_probe.hpp"
#include "collectors/request_probe.hpp"
#include "daemon/io/database_probes.hpp"
#include "daemon/io/host_reader.hpp"
#include "daemon/io/journal_lines.hpp"
#include <chrono>
#include <utility>

namespace backstop {
namespace {

/// A target that cannot be read for a reason known beforehand.
class FailingProbe final : public Probe {
public:
  explicit FailingProbe(Error why) : why_(std::move(why)) {}
  void start(Done done) override { done(why_); }

private:
  Error why_;
};

/// /proc and the cgroup files are memory: read at once, inside start().
class HostProbe final : public Probe {
public:
  explicit HostProbe(std::string unit) : reader_(HostReader::open(unit)) {}
  void start(Done done) override {
    if (!reader_) return done(reader_.error());
    Result<HostReading> reading = reader_->read();
    if (!reading) return done(reading.error());
    done(ProbeAnswer{SamplesAnswer{std::move(reading->samples), std::move(reading->without_unit)}});
  }

private:
  Result<HostReader> reader_;
};

Status fill_secret(const config::Secret& secret, const ReadSecret& read_secret, std::string& out) {
  if (secret.empty()) return {};
  Result<std::string> value = read_secret(secret);
  if (!value) return value.error();
  out = *std::move(value);
  return {};
}

Result<HttpRequest> request_as(const config::HttpAccess& access, const ReadSecret& read_secret) {
  HttpRequest request;
  request.ca_file = access.ca_file;
  request.client_cert_file = access.cert_file;
  request.client_key_file = access.key_file;
  if (Status s = fill_secret(access.bearer, read_secret, request.bearer_token); !s) return s.error();
  if (Status s = fill_secret(access.basic, read_secret, request.basic_credential); !s) return s.error();
  return request;
}

Result<HttpRequest> request_to(const config::TargetConfig& target, const config::HttpAccess& access,
                               const ReadSecret& read_secret) {
  Result<HttpRequest> request = request_as(access, read_secret);
  if (!request) return request;
  request->url = target.url;
  request->unix_socket = target.unix_socket;
  return request;
}

std::unique_ptr<Probe> probe_of(const config::PrometheusSource& source, const config::TargetConfig& target,
                                HttpFetcher& fetcher, const ReadSecret& read_secret) {
  Result<HttpRequest> request = request_to(target, source, read_secret);
  if (!request) return std::make_unique<FailingProbe>(request.error());
  request->timeout = source.timeout;
  request->max_bytes = source.max_bytes;
  return std::make_unique<HttpProbe>(fetcher, *std::move(request));
}

std::unique_ptr<Probe> probe_of(const config::HttpSource& source, const config::TargetConfig& target,
                                HttpFetcher& fetcher, const ReadSecret& read_secret) {
  Result<HttpRequest> request = request_to(target, source, read_secret);
  if (!request) return std::make_unique<FailingProbe>(request.error());
  Result<HttpExpectation> expectation = HttpExpectation::make(source.expect_status, source.expect_body);
  if (!expectation) return std::make_unique<FailingProbe>(expectation.error());
  request->timeout = source.timeout;
  request->method = source.method;
  request->headers.assign(source.headers.begin(), source.headers.end());
  return std::make_unique<RequestProbe>(fetcher, *std::move(request), *std::move(expectation));
}

std::unique_ptr<Probe> probe_of(const config::TcpSource& source, const config::TargetConfig& target,
                                HttpFetcher& fetcher) {
  HttpRequest request;
  request.url = "http://" + (target.address.empty() ? "localhost" : target.address);
  request.unix_socket = target.unix_socket;
  request.timeout = source.timeout;
  return std::make_unique<ConnectProbe>(fetcher, std::move(request));
}

} // namespace

Time wall_clock() {
  return Time{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
}

Result<PromqlAsking> promql_asking(const ServiceWatch& watch, std::uint32_t source, const ReadSecret& read_secret) {
  const auto& promql = std::get<config::PromqlSource>(watch.config.sources[source].kind);
  Result<HttpRequest> engine = request_as(promql, read_secret);
  if (!engine) return engine.error();
  engine->url = promql.url;
  engine->timeout = promql.timeout;
  engine->headers.assign(promql.headers.begin(), promql.headers.end());
  PromqlAsking asking;
  asking.engine = *std::move(engine);
  asking.queries = watch.compiled.sources[source].queries;
  asking.limits.series = promql.max_series;
  asking.interval = watch.config.sources[source].interval;
  asking.query_offset = promql.query_offset;
  return asking;
}

namespace {

constexpr std::uint32_t kSeriesOfOurs = 10'000; ///< a bound for what is interpreted here: no source gives as many

/// The probe of one target, by the kind of its source, and how many series it may give.
struct MakeProbe {
  const ServiceWatch& watch;
  std::uint32_t source;
  const config::TargetConfig& target;
  const ProbeParts& parts;
  std::uint32_t max_series = kSeriesOfOurs;

  std::unique_ptr<Probe> operator()(const config::PrometheusSource& prometheus) {
    max_series = prometheus.max_series;
    return probe_of(prometheus, target, parts.fetcher, parts.read_secret);
  }
  std::unique_ptr<Probe> operator()(const config::PromqlSource& promql) {
    max_series = promql.max_series;
    Result<PromqlAsking> asking = promql_asking(watch, source, parts.read_secret);
    if (!asking) return std::make_unique<FailingProbe>(asking.error());
    max_series *= static_cast<std::uint32_t>(asking->queries.size());
    return std::make_unique<PromqlProbe>(parts.fetcher, *std::move(asking), wall_clock);
  }
  std::unique_ptr<Probe> operator()(const config::HostSource& host) const {
    return std::make_unique<HostProbe>(host.unit);
  }
  std::unique_ptr<Probe> operator()(const config::SystemdSource& systemd) const {
    return parts.units.probe(systemd.unit, systemd.timeout);
  }
  std::unique_ptr<Probe> operator()(const config::JournalLinesSource& journal) const {
    return journal_lines(parts.loop, journal.unit, journal.timeout);
  }
  std::unique_ptr<Probe> operator()(const config::HttpSource& http) const {
    return probe_of(http, target, parts.fetcher, parts.read_secret);
  }
  std::unique_ptr<Probe> operator()(const config::TcpSource& tcp) const { return probe_of(tcp, target, parts.fetcher); }
  std::unique_ptr<Probe> operator()(const config::CommandSource& command) const {
    return std::make_unique<PluginProbe>(parts.plugins, PluginCommand{command.argv, command.timeout});
  }
  template <class Database> std::unique_ptr<Probe> operator()(const Database&) const {
    return database_probe(watch.config.sources[source], parts.loop, parts.read_secret);
  }
};

} // namespace

ScrapeTarget make_target(const ServiceWatch& watch, std::uint32_t source, std::uint32_t place,
                         const ProbeParts& parts) {
  const TargetPlaces& places = watch.places[source];
  MakeProbe make{watch, source, places.target(place), parts};
  const config::CompiledSource& compiled = watch.compiled.sources[source];
  std::unique_ptr<Probe> probe = places.is_none(place)
                                     ? std::make_unique<FailingProbe>(fail(Errc::not_found, "no target was found"))
                                     : std::visit(make, watch.config.sources[source].kind);
  return {
      source, place, compiled.interval, compiled.selectors, make.max_series, std::move(probe), compiled.query_offset};
}

std::vector<ScrapeTarget> make_targets(const ServiceWatch& watch, const ProbeParts& parts) {
  std::vector<ScrapeTarget> targets;
  for (std::uint32_t source = 0; source < watch.config.sources.size(); ++source) {
    for (std::uint32_t place = 0; place < watch.places[source].size(); ++place)
      if (watch.places[source].present(place)) targets.push_back(make_target(watch, source, place, parts));
  }
  return targets;
}

} // namespace backstop
