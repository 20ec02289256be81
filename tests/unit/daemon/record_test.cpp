#include "daemon/record.hpp"
#include <cmath>
#include <functional>
#include <gtest/gtest.h>

namespace backstop {
namespace {

Record sample() {
  Record r;
  r.seq = 1;
  r.time = time_from_us(1700000000000000);
  r.boot = "b";
  r.actor = "backstopd";
  r.subject = "shop";
  r.type = "deployment_begun";
  r.payload = Json::object().set("version", "1.2.3");
  r.prev_hash = std::string(64, '0');
  return r;
}

TEST(HashOf, IsTheSha256OfTheTextTheHeaderStates) {
  // Computed apart from this code: hashlib.sha256 of Python over the text written out by hand.
  EXPECT_EQ(hash_of(sample()), "0edfd8d6d29f8c65d56e0cf877cbe8110086b4ba5df5866a08c163b4b20c7109");
}

TEST(HashOf, EveryFieldCounts) {
  const std::vector<std::function<void(Record&)>> changes = {
      [](Record& r) { r.seq = 2; },
      [](Record& r) { r.time += Duration{1}; },
      [](Record& r) { r.boot = "c"; },
      [](Record& r) { r.actor = "backstopd "; },
      [](Record& r) { r.subject = "Shop"; },
      [](Record& r) { r.type = "x"; },
      [](Record& r) { r.version = 2; },
      [](Record& r) { r.payload.set("version", "1.2.4"); },
      [](Record& r) { r.prev_hash[63] = '1'; },
      [](Record& r) { r.boot = "bb", r.actor = "ackstopd"; }, // a byte that moves to the next field
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Record changed = sample();
    changes[i](changed);
    EXPECT_NE(hash_of(changed), hash_of(sample())) << "change " << i;
  }
}

TEST(HashOf, FieldsCannotBeShiftedIntoEachOther) {
  Record one = sample();
  Record other = sample();
  one.actor = "a,1:b";
  one.subject = "c";
  other.actor = "a";
  other.subject = "b,1:c";
  EXPECT_NE(hash_of(one), hash_of(other));
}

TEST(Chain, FillsInSeqAndPrevHash) {
  std::vector<Record> records{sample(), sample()};
  const auto end = chain(records, {7, std::string(64, 'a')});
  ASSERT_TRUE(end);
  EXPECT_EQ(records[0].seq, 8U);
  EXPECT_EQ(records[0].prev_hash, std::string(64, 'a'));
  EXPECT_EQ(records[1].seq, 9U);
  EXPECT_EQ(records[1].prev_hash, hash_of(records[0]));
  EXPECT_EQ(*end, (ChainEnd{9, hash_of(records[1])}));
}

TEST(Chain, RefusesWhatWouldNotReadBackAndChangesNothing) {
  Json deep = 1;
  for (int i = 0; i < 40; ++i) deep = Json::array().push(deep);
  const std::vector<Json> bad{Json{}, Json{"text"}, Json(Json::Object{{"a", 1}, {"a", 2}}),
                              Json::object().set("deep", deep)};
  for (const Json& payload : bad) {
    std::vector<Record> records{sample(), sample()};
    records[0].seq = 77;
    records[1].payload = payload;
    const auto end = chain(records, {});
    ASSERT_FALSE(end) << payload.dump();
    EXPECT_NE(end.error().what.find("record deployment_begun of shop"), std::string::npos);
    EXPECT_EQ(records[0].seq, 77U);
  }
}

TEST(Follows, NamesTheRecordThatDoesNot) {
  std::vector<Record> records{sample(), sample()};
  ASSERT_TRUE(chain(records, {}));
  const ChainEnd after_first{1, hash_of(records[0])};
  EXPECT_TRUE(follows(records[0], {}));
  EXPECT_TRUE(follows(records[1], after_first));

  const Status hole = follows(records[1], {});
  ASSERT_FALSE(hole);
  EXPECT_EQ(hole.error().code, Errc::corrupt);
  EXPECT_NE(hole.error().what.find("record 2: expected record 1"), std::string::npos) << hole.error().what;

  const Status broken = follows(records[1], {1, std::string(64, 'f')});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Errc::corrupt);
  EXPECT_NE(broken.error().what.find("record 2: it does not follow on record 1"), std::string::npos);
}

} // namespace
} // namespace backstop
