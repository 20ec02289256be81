#pragma once
#include "collectors/sample_store.hpp"
#include "daemon/config/compile.hpp"
#include "daemon/config/config.hpp"
#include "rules/result.hpp"
#include "rules/sample.hpp"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::replay {

/// Recorded samples as the scrapes that they came from.
struct Recording {
  std::vector<Scrape> scrapes;                 ///< in order of arrival, then of time, source and target
  std::vector<std::uint32_t> targets;          ///< by source: how many targets of it the recording tells of, at least 1
  std::vector<std::vector<std::string>> names; ///< by source: its targets, also those of which nothing is told
  DropCounts dropped;                          ///< values that cannot be true, left out as they would be live
};

/// Reads OpenMetrics text with timestamps (seconds), whose lines may stand in any order, for the sources of one
/// service.
/// - The labels `backstop_source` (its name) and `backstop_target` (its URL, or its place among the targets, from 0)
///   say where a series came from; they are taken off before anything is matched. A series without them goes to target
///   0 of each source that wants it.
/// - `backstop_scrape{source="…",target="…"}` 1 or 0 is an attempt that was good or failed; of a failed one the label
///   `why` says why. A target of which it tells nothing has a good scrape at each time that one of its series has.
/// - `backstop_scrape_duration_seconds`, labelled alike, says how long the answer took; without it, it came at once.
/// - A source, or a target before the last one that is told of, of which there is nothing at all fails at each
///   interval.
/// - Series get their ids in the order in which they first appear, as in a live answer.
/// - A source that looks for its targets has whichever the recording names.
/// `file` stands in faults. Errors (Errc::invalid): "FILE:LINE: what (how to mend it)".
Result<Recording> read_recording(std::string_view text, const std::string& file, const config::Service& service,
                                 const config::CompiledService& compiled);

} // namespace backstop::replay
