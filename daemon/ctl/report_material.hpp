#pragma once
#include "daemon/ctl/fetch.hpp"
#include "daemon/ctl/invocation.hpp"
#include "daemon/report/times.hpp"
#include <string>

/// What all reports need around them: the material, the zone of this host, the file that they go to.
namespace backstop::ctl {

/// Of `id`, from the daemon, or of its files where `from.offline`.
FetchedMaterial material_of(const Invocation& invocation, const std::string& id, const Origin& from);
/// As the zone of this host (TZ) has it.
report::LocalClock local_clock(Time t);
/// `text` in `file`, and `headline` said; on standard output where no file is named.
Said written(const std::string& file, std::string text, const std::string& headline);

} // namespace backstop::ctl
