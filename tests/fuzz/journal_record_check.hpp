#pragma once
#include "daemon/record.hpp"
#include <array>
#include <string>
#include <string_view>
#include <vector>

/// What holds for any bytes as a record of the journal: shared by the fuzzer and the replay of its corpus.
namespace backstop::fuzz {

/// JSON alone: what is read writes itself so that it reads back; what is not read is explained in one short line.
inline std::string check_json(const std::string& text) {
  const auto json = Json::parse(text);
  if (!json) {
    const std::string& why = json.error().what;
    if (why.rfind("at byte ", 0) != 0) return "an error says where";
    if (why.size() > 400 || why.find('\n') != std::string::npos) return "an error is one short line";
    return "";
  }
  const std::string once = json->dump();
  const auto back = Json::parse(once);
  if (!back) return "what was written reads back";
  if (!(*back == *json)) return "and is the same value";
  if (back->dump() != once) return "equal values have equal bytes";
  const auto indented = Json::parse(json->dump(2));
  if (!indented || !(*indented == *json)) return "indenting changes no value";
  return "";
}

/// The rule that is broken, empty when all hold. The input is boot, actor, subject and type, each ended by a 0xFF byte, and
/// then the payload.
inline std::string check_journal_record(std::string_view data) {
  std::array<std::string, 4> fields;
  for (std::string& field : fields) {
    const auto end = data.find('\xFF');
    if (end == data.npos) break;
    field = data.substr(0, end);
    data.remove_prefix(end + 1);
  }
  const std::string text(data); // a copy of its exact size, so that reading past its end is seen
  if (std::string broken = check_json(text); !broken.empty()) return broken;

  Record record;
  record.boot = fields[0];
  record.actor = fields[1];
  record.subject = fields[2];
  record.type = fields[3];
  const auto json = Json::parse(text);
  // What is no JSON goes in as a string of any bytes, as the output of a step does.
  record.payload = json && json->as_object() ? *json : Json::object().set("output", text);
  std::vector<Record> records{record, record};
  const auto end = chain(records, {});
  if (!end)
    return end.error().code == Errc::too_large || end.error().code == Errc::invalid ? ""
                                                                                    : "only bad payloads are refused";

  if (!follows(records[0], {}) || !follows(records[1], {1, hash_of(records[0])})) return "a chain follows on itself";
  if (end->hash != hash_of(records[1], records[1].payload.dump())) return "the hash is that of the stored text";
  Record back = records[1];
  back.payload = Json::parse(back.payload.dump()).value_or({});
  if (hash_of(back) != end->hash) return "the hash is the same after reading back";
  Record moved = records[1];
  moved.actor += moved.subject.substr(0, 1);
  moved.subject.erase(0, 1);
  if (!records[1].subject.empty() && hash_of(moved) == end->hash) return "no byte moves between fields unseen";
  return "";
}

} // namespace backstop::fuzz
