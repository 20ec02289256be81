#pragma once
#include "collectors/promql_probe.hpp"
#include "collectors/scraper.hpp"
#include "daemon/channel_notifier.hpp"
#include "daemon/io/child_plugins.hpp"
#include "daemon/io/event_loop.hpp"
#include "daemon/io/systemd_units.hpp"
#include "daemon/service_watch.hpp"
#include <vector>

namespace backstop {

/// How the promql source of that index asks. An error: a secret of it cannot be read.
Result<PromqlAsking> promql_asking(const ServiceWatch& watch, std::uint32_t source, const ReadSecret& read_secret);

/// CLOCK_REALTIME: by which engines time their samples. The judge's time may be away from it.
Time wall_clock();

/// What probes are made of. All of it outlives them.
struct ProbeParts {
  EventLoop& loop;
  HttpFetcher& fetcher;
  SystemdUnits& units;
  PluginRunner& plugins;
  const ReadSecret& read_secret;
};

/// The probe of one target of a service, with its selectors. A secret that cannot be read makes a probe whose every read
/// is an error that says so: the other sources go on.
ScrapeTarget make_target(const ServiceWatch& watch, std::uint32_t source, std::uint32_t place, const ProbeParts& parts);
/// Those of all targets that are there.
std::vector<ScrapeTarget> make_targets(const ServiceWatch& watch, const ProbeParts& parts);

} // namespace backstop
