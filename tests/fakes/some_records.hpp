#pragma once
#include "daemon/records.hpp"
#include "daemon/seams.hpp"
#include <gtest/gtest.h>
#include <map>
#include <utility>
#include <vector>

namespace backstop {

inline Record a_record(std::string type, std::int64_t at_us = 1) {
  Record r;
  r.time = time_from_us(at_us);
  r.boot = "5b0e6a4e";
  r.actor = "backstopd";
  r.subject = "shop/production";
  r.type = std::move(type);
  r.payload = Json::object().set("n", at_us);
  return r;
}

inline std::vector<Record> all_of(const Journal& journal, std::uint64_t after = 0) {
  std::vector<Record> found;
  const Status status = journal.read(after, [&](const Record& r) {
    found.push_back(r);
    return Status();
  });
  EXPECT_TRUE(status) << status.error().what;
  return found;
}

/// One that removes these stretches of a journal.
inline Record a_compaction(const Journal& journal,
                           const std::vector<std::pair<std::uint64_t, std::uint64_t>>& removed) {
  std::map<std::uint64_t, std::string> hashes{{0, ChainEnd{}.hash}};
  for (const Record& r : all_of(journal)) hashes[r.seq] = hash_of(r);
  JournalCompacted compacted;
  for (const auto& [from, to] : removed) compacted.removed.push_back({from, to, hashes[from - 1], hashes[to]});
  compacted.older_than = time_from_us(1'000'000);
  compacted.next_deployment = 8;
  Record r = a_record(JournalCompacted::kType, 2 * 86'400'000'000);
  r.payload = encode(compacted);
  return r;
}

} // namespace backstop
