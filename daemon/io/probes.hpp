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

/// How the promql source of that index asks. An error: a secret of it cannot be read.
Result<PromqlAsking> promql_asking(const ServiceWatch& watch, std::uint32_t source, const ReadSecret& read_secret);

/// CLOCK_REALTIME: by which engines time their samples. The judge's time may be away from it.
Time wall_clock();

/// The probes of a service's sources, with their selectors. A secret that cannot be read makes a probe whose every read
/// is an error that says so: the other sources go on.
std::vector<ScrapeTarget> make_targets(const ServiceWatch& watch, EventLoop& loop, HttpFetcher& fetcher,
                                       SystemdUnits& units, PluginRunner& plugins, const ReadSecret& read_secret);

} // namespace backstop
