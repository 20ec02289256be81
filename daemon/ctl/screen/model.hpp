#pragma once
#include "daemon/json.hpp"
#include "rules/time.hpp"
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// What the screen tells, from the documents of the control API. Pure; the texts are as they came.
namespace backstop::ctl::screen {

/// How a service or an indicator is, worst last but for `blind`: it cannot be read, and so leads to no rollback.
enum class Mark { unknown, normal, blind, alert, critical };

/// How far something is, from 0 to 1, and in a few words.
struct Progress {
  double share = 0;
  std::string text; ///< "43s left"
};

/// The values of an indicator over time, oldest first; none: there was no usable reading.
struct Course {
  std::vector<std::optional<double>> values;
  std::optional<std::size_t> begun; ///< the first value of the deployment
  double every_s = 0;               ///< seconds from value to value, on the average; zero: unknown
};

struct Indicator {
  std::string name; ///< of the rule; of the indicator where no rule judges it
  std::string indicator;
  Mark mark = Mark::unknown;
  Mark reading = Mark::unknown; ///< what the newest reading alone says: the level follows it
  std::string remark;           ///< why it leads to nothing: "observe", "pre-existing", "no rule"; else empty
  std::string value, limit, baseline;
  std::string why;                 ///< why it cannot be read; else empty
  std::optional<double> threshold; ///< in the unit of the values
  bool lower_is_worse = false;
  double evidence = 0; ///< 0 to 1: of what is needed to decide
  std::string held;    ///< the same in words; empty: none
  Course course;
};

struct Step {
  enum class State { pending, running, waiting, done, left_out, failed };
  State state = State::pending;
  std::string path, name, words;
  std::vector<std::string> output; ///< its last lines
};

struct PlanPhase {
  Step::State state = Step::State::pending;
  std::string name, took;
};

/// Something that a person should know or do.
struct Trouble {
  bool grave = true; ///< else it can wait
  std::string label; ///< "LOCKED", "HELD"
  std::string text;
  std::string keys = ""; ///< what can be done here: "c confirm, d decline"
};

/// Of the timeline of a deployment.
struct TimelineLine {
  std::string clock, text, who; ///< who: empty where it was the daemon
};

struct Service {
  std::string name, version, mode, phase;
  bool version_good = false;
  Mark mark = Mark::unknown;
  std::string deployment;   ///< id of the one under way; empty: none
  std::string shown;        ///< id of the one whose steps are shown: under way, or the last that is known; empty: none
  Time begun{};             ///< of that one; zero: unknown
  std::string target;       ///< a rollback would go to it; empty: unknown
  bool asked = false;       ///< a rollback waits for `confirm`
  std::string incident;     ///< the open one that nobody has acknowledged; empty: none
  std::string any_incident; ///< else an open or acknowledged one
  std::string brief;        ///< the phase in a few words
  std::optional<Progress> progress;
  std::vector<Trouble> troubles;
  std::vector<Indicator> indicators; ///< the worst first
  std::vector<PlanPhase> plan;
  std::string traffic;
  std::vector<Step> steps; ///< of its rollback

  /// The service that a person should look at first has the most of it.
  [[nodiscard]] int urgency() const;
};

/// The service of a document of GET /v1/status. `now`: that of the document; `deployment`: of GET /v1/deployments/ID where none is under
/// way, or null; `incidents`: those of the status.
Service service_of(const Json& service, const Json& incidents, const Json& deployment, Time now);

/// What concerns the host as a whole: it only observes, its configuration has faults, notices do not go out.
std::vector<Trouble> host_troubles(const Json& status);

} // namespace backstop::ctl::screen
