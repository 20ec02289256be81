#pragma once
#include "daemon/flight_recorder.hpp"
#include "daemon/json.hpp"
#include "daemon/seams.hpp"
#include "daemon/state.hpp"
#include "rules/result.hpp"
#include <cstdint>
#include <string>
#include <vector>

/// What a past deployment can be replayed from, in pages of the control API (docs/control-api.md): each is small, so that
/// the loop does not stand still for a long answer. Written here, and read here by who asked.
namespace backstop {

/// Scrapes of a deployment, from `from` on or, where that is zero, from the first one.
/// {"scrapes": [{"t_us", "took_us", "source", "target", "why", "series", "values"}], "series": [text], "next_us"}
Result<Json> samples_page(FlightRecorder& flight, const DeploymentState& deployment, Time from);
/// Adds the scrapes of a page to `scrapes`. Gives where the next page begins; zero: there is none.
Result<Time> read_samples_page(const Json& page, const std::string& service, std::vector<KeptScrape>& scrapes);

/// Records that bear on a deployment: of itself, and of holds, signals and daemons in its time. `after`: those behind that
/// seq; zero: from the first one.
/// {"records": [{"seq", "time_us", "boot", "actor", "type", "version", "payload"}], "held": {key: until_us}, "next"}
Result<Json> records_page(const Journal& journal, const DeploymentState& deployment, std::uint64_t after);
/// All records that tell of a deployment, up to the end of its last incident: also its steps with what they printed, its
/// incidents and the notices of them. The same form, without `held`.
Result<Json> told_page(const Journal& journal, const State& state, const DeploymentState& deployment,
                       std::uint64_t after);
/// The deployment that a report of `id` tells of: itself, what it rolled back, or the one of an incident, whose id is put into
/// `incident` (else empty). Null: there is none of that id.
const DeploymentState* told_deployment(const State& state, const std::string& id, std::string& incident);
/// Adds the records of a page to `records`. Gives what the next page is to be asked after; zero: there is none.
Result<std::uint64_t> read_records_page(const Json& page, std::vector<Record>& records);

} // namespace backstop
