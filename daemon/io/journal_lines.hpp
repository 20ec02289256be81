#pragma once
#include "collectors/probe.hpp"
#include "daemon/io/event_loop.hpp"
#include "rules/time.hpp"
#include <memory>
#include <string>

namespace backstop {

/// The lines that a unit writes to the host's journal, counted by priority (collectors/log_lines.hpp) from the first read
/// on. A journal that is full of lines holds nothing else up: they are read some hundred at a time, and what cannot be
/// read within `limit` is counted by the next read, which the note says. Errc::unauthorized: no file of the journal can
/// be read.
/// `directory`: of the journal's files; empty: the usual ones.
std::unique_ptr<Probe> journal_lines(EventLoop& loop, std::string unit, Duration limit, std::string directory = "");

} // namespace backstop
