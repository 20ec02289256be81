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

std::vector<ScrapeTarget> make_targets(const ServiceWatch& watch, EventLoop& loop, HttpFetcher& fetcher,
                                       SystemdUnits& units, PluginRunner& plugins, const ReadSecret& read_secret) {
  std::vector<ScrapeTarget> targets;
  for (std::uint32_t i = 0; i < watch.config.sources.size(); ++i) {
    const config::Source& source = watch.config.sources[i];
    const auto add = [&](std::uint32_t index, std::unique_ptr<Probe> probe, std::uint32_t max_series) {
      const config::CompiledSource& compiled = watch.compiled.sources[i];
      targets.push_back(
          {i, index, source.interval, compiled.selectors, max_series, std::move(probe), compiled.query_offset});
    };
    if (const auto* prometheus = std::get_if<config::PrometheusSource>(&source.kind)) {
      for (std::uint32_t t = 0; t < prometheus->targets.size(); ++t) {
        add(t, probe_of(*prometheus, prometheus->targets[t], fetcher, read_secret), prometheus->max_series);
      }
    } else if (const auto* promql = std::get_if<config::PromqlSource>(&source.kind)) {
      if (Result<PromqlAsking> asking = promql_asking(watch, i, read_secret)) {
        const auto queries = static_cast<std::uint32_t>(asking->queries.size());
        add(0, std::make_unique<PromqlProbe>(fetcher, *std::move(asking), wall_clock), promql->max_series * queries);
      } else {
        add(0, std::make_unique<FailingProbe>(asking.error()), promql->max_series);
      }
    } else if (const auto* host = std::get_if<config::HostSource>(&source.kind)) {
      add(0, std::make_unique<HostProbe>(host->unit), 10'000);
    } else if (const auto* systemd = std::get_if<config::SystemdSource>(&source.kind)) {
      add(0, units.probe(systemd->unit, systemd->timeout), 10'000);
    } else if (const auto* journal = std::get_if<config::JournalLinesSource>(&source.kind)) {
      add(0, journal_lines(loop, journal->unit, journal->timeout), 10'000);
    } else if (auto database = database_probe(source, loop, read_secret)) {
      add(0, std::move(database), 10'000);
    } else if (const auto* http = std::get_if<config::HttpSource>(&source.kind)) {
      for (std::uint32_t t = 0; t < http->targets.size(); ++t) {
        add(t, probe_of(*http, http->targets[t], fetcher, read_secret), 10'000);
      }
    } else if (const auto* tcp = std::get_if<config::TcpSource>(&source.kind)) {
      for (std::uint32_t t = 0; t < tcp->targets.size(); ++t) {
        add(t, probe_of(*tcp, tcp->targets[t], fetcher), 10'000);
      }
    } else if (const auto* command = std::get_if<config::CommandSource>(&source.kind)) {
      add(0, std::make_unique<PluginProbe>(plugins, PluginCommand{command->argv, command->timeout}), 10'000);
    }
  }
  return targets;
}

} // namespace backstop
