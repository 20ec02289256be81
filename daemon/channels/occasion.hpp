#pragma once
#include "daemon/json.hpp"
#include "daemon/seams.hpp"
#include <string>
#include <vector>

namespace backstop::channels {

/// What a service that keeps incidents is to do.
enum class Action {
  trigger,     ///< something is wrong: open, or tell more
  acknowledge, ///< a person has taken it
  resolve,     ///< it is over
  inform,      ///< nobody has to do anything
  test,        ///< whether the channel works
};

/// A notice as the kinds of channels see it: read from its body once. Every text may hold anything; escape.hpp is for that.
struct Occasion {
  struct Number {
    std::string rule, level, text; ///< text: "30% > 5% (limit), ...", as `explain` says it
  };
  std::string key, severity, title;
  std::string event; ///< "rolled_back", without what tells several of one kind apart ("decision.E4" is "decision")
  std::string service, environment, deployment, incident, version, previous, why, did, todo, actor, comment;
  std::string incident_severity, incident_began_as; ///< "alert" or "critical": when the notice was made, and at first
  std::vector<Number> numbers;                      ///< what was measured, against which limit
  std::string at, opened, resolved;                 ///< ISO 8601 in UTC; empty: unknown, or not so
  std::int64_t opened_us = 0;                       ///< of the incident
  Json details;                                     ///< the body as it is

  [[nodiscard]] Action action() const;
  /// "shop": the service without its environment.
  [[nodiscard]] std::string short_service() const;
};

/// Tolerant: what a body does not say stays empty.
Occasion occasion_of(const Notice& notice);
Occasion occasion_of(std::string key, std::string severity, std::string title, Json body);

/// "Done: …", "To do: …" and the like, as names and values, for media that show a table of facts. Not escaped.
std::vector<std::pair<std::string, std::string>> facts_of(const Occasion& what);

/// "host:I7@1767225600": what is the same for all notices of one incident, and for no other incident even
/// where a journal was begun anew. Of a notice without an incident its key.
std::string incident_key(const Occasion& what, const std::string& host);

} // namespace backstop::channels
