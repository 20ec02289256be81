#pragma once
#include "daemon/seams.hpp"
#include <memory>

namespace backstop {

/// Journald with structured fields when stderr is connected to it (systemd's JOURNAL_STREAM), else readable text on
/// stderr with the time in UTC.
std::unique_ptr<Log> make_log();

} // namespace backstop
