#pragma once
#include "daemon/io/sqlite_journal.hpp"
#include "daemon/replay/decision_log.hpp"
#include <gtest/gtest.h>
#include <string>
#include <variant>

namespace backstop {

/// The decision log that a live journal gives of a deployment: from its `deploy begin` to the first RollBack that is more
/// than observed, or to its end. What `backstopctl replay --deployment ID` must print.
inline std::string live_log(const std::string& journal_path, const std::string& id) {
  const auto journal = SqliteJournal::open_read_only(journal_path);
  EXPECT_TRUE(journal.ok());
  if (!journal.ok()) return "";
  replay::DecisionLog decisions;
  std::string text;
  bool begun = false, over = false;
  const Status read = (*journal)->read(0, [&](const Record& record) -> Status {
    const Result<Payload> payload = decode(record);
    if (!payload) return payload.error();
    const std::string line = decisions.line_of(record, *payload);
    const auto* begins = std::get_if<DeploymentBegun>(&*payload);
    const auto* made = std::get_if<DecisionMade>(&*payload);
    const bool rolls_back = made && made->decision == "RollBack" && made->status != "observed";
    const auto* ends = std::get_if<DeploymentEnded>(&*payload);
    begun = begun || (begins && begins->id == id);
    if (begun && !over) text += line;
    over = over || (begun && (rolls_back || (ends && ends->id == id)));
    return {};
  });
  EXPECT_TRUE(read.ok());
  return text;
}

} // namespace backstop
