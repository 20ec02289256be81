#pragma once
#include "daemon/records.hpp"
#include "daemon/seams.hpp"
#include <string>

namespace backstop {

/// What happened, as one sentence for people: the log, the timeline and the event stream say the same words.
struct Narrative {
  LogLevel level = LogLevel::info;
  std::string text;
};
Narrative narrate(const Payload& payload);

} // namespace backstop
