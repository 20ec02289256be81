#include "collectors/log_lines.hpp"
#include <gtest/gtest.h>
#include <map>

namespace backstop {
namespace {

std::map<std::string, double> counts(const LogLines& lines) {
  std::map<std::string, double> counts;
  for (const RawSample& s : lines.samples()) {
    EXPECT_EQ(s.name, "log_lines_total");
    counts[s.labels.at(0).second] = s.value;
  }
  return counts;
}

TEST(LogLines, EveryPriorityIsThereFromTheBeginning) {
  EXPECT_EQ(counts(LogLines{}), (std::map<std::string, double>{{"emerg", 0},
                                                               {"alert", 0},
                                                               {"crit", 0},
                                                               {"err", 0},
                                                               {"warning", 0},
                                                               {"notice", 0},
                                                               {"info", 0},
                                                               {"debug", 0}}));
}

TEST(LogLines, CountsByPriorityAndTakesWhatHasNoneForInfo) {
  LogLines lines;
  for (const char* priority : {"3", "3", "0", "7", "8", "-1", "err", "", "33"}) lines.add(priority);
  const auto counted = counts(lines);
  EXPECT_EQ(counted.at("err"), 2);
  EXPECT_EQ(counted.at("emerg"), 1);
  EXPECT_EQ(counted.at("debug"), 1);
  EXPECT_EQ(counted.at("info"), 5);
}

} // namespace
} // namespace backstop
