#pragma once
#include "collectors/scraper.hpp"
#include "daemon/channel_notifier.hpp"
#include "daemon/io/child_plugins.hpp"
#include "daemon/io/event_loop.hpp"
#include "daemon/io/systemd_units.hpp"
#include "daemon/service_watch.hpp"
#include <vector>

namespace backstop {

/// The probes of a service's sources, with their selectors. A secret that cannot be read makes a probe whose every read
/// is an error that says so: the other sources go on.
std::vector<ScrapeTarget> make_targets(const ServiceWatch& watch, EventLoop& loop, HttpFetcher& fetcher,
                                       SystemdUnits& units, PluginRunner& plugins, const ReadSecret& read_secret);

} // namespace backstop
