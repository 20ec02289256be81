#pragma once
#include "collectors/probe.hpp"
#include "daemon/channel_notifier.hpp"
#include "daemon/config/sources.hpp"
#include "daemon/io/event_loop.hpp"
#include <memory>

namespace backstop {

/// The probe of a source that is a database server; null: it is of another kind. Secrets are read before each attempt
/// to connect, so that a changed password is taken up.
std::unique_ptr<Probe> database_probe(const config::Source& source, EventLoop& loop, const ReadSecret& read_secret);

} // namespace backstop
