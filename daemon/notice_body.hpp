#pragma once
#include "daemon/notice_text.hpp"
#include "daemon/state.hpp"

namespace backstop {

/// What an announcement is about, as the body of its notices (docs/channels.md, "What a notice holds"): all from the state,
/// so a notice says what was known when it was made.
Json notice_body(const State& state, const Announcement& announcement, Time now);

} // namespace backstop
