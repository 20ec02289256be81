#pragma once
#include "daemon/record.hpp"
#include "daemon/records.hpp"
#include <map>
#include <string>

namespace backstop::replay {

/// The decision log: what was judged and decided, one JSON object a line, from the records of a journal. It sees
/// nothing but records, so that a live journal and a replay of the same samples give the same bytes.
///
/// {"schema":1,"t":…,"kind":"level"|"decision","service":…,"rule":…,"indicator":…,"level":…,
///  "value":…,"threshold":…,"baseline":…,"evidence":…,"window_s":…,"samples":…,"decision":…,"why":…}
///
/// - Keys in this order, always all of them; null where there is nothing. Doubles in the shortest text that reads back
///   the same; `t` in seconds since 1970. `evidence` is in nats, null of a judge that counts none.
/// - level: a rule changed its level. decision: "RollBack" (also one that was held, or only observed), "KeepWatching"
///   (what was critical is so no more), and the end of a watch, "Accept" or "Undecided". Of a RollBack, rule and what
///   follows are of the first rule that decided; `why` names them all.
class DecisionLog {
public:
  /// The line of this record, with its newline; empty where it has none. Records in the order of the journal.
  [[nodiscard]] std::string line_of(const Record& record, const Payload& payload);

private:
  std::map<std::string, std::string> service_of_; ///< by deployment
};

} // namespace backstop::replay
