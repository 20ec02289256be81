#pragma once
#include "daemon/report/course.hpp"
#include "daemon/report/story.hpp"
#include "daemon/report/suspects.hpp"
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace backstop::report {

/// The times that were measured. Each is absent where one of its two ends did not happen.
struct Figures {
  Time first_sign{};                      ///< onset of the first suspect; zero: none
  std::optional<Duration> to_decide;      ///< from the first sign to the decision to roll back
  std::optional<Duration> to_begin;       ///< from the decision to the rollback: a person's answer, a free slot
  std::optional<Duration> to_restore;     ///< from the rollback to the version before running again
  std::optional<Duration> to_verify;      ///< from there to its end, when it was verified
  std::optional<Duration> sign_to_end;    ///< from the first sign to the version before running again
  std::optional<Duration> exposed;        ///< the new version had the traffic
  std::optional<Duration> to_tell;        ///< from the incident to the first notice that arrived
  std::optional<Duration> to_acknowledge; ///< from the incident to the first person who took it
  std::size_t notices = 0, delivered = 0, lost = 0; ///< `lost`: given up; the others are still tried
  std::size_t commands = 0, repeated = 0,
              failed = 0; ///< of the rollback; attempts beyond the first; that did not end well
};

Figures figures_of(const Story& story, const std::vector<Suspect>& suspects);

/// What the figures say for and against how it went, one sentence each. No opinion: each can be checked against the report.
struct Judgement {
  std::vector<std::string> well, badly;
};
Judgement judgement_of(const Story& story, const Courses& courses, const Figures& figures);

} // namespace backstop::report
