#pragma once
#include "daemon/seams.hpp"
#include <gtest/gtest.h>

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

} // namespace backstop
