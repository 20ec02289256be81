#pragma once
#include "daemon/json.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace backstop {

/// SHA-256 of `text`, in hex.
std::string sha256_hex(std::string_view text);

/// The one envelope in which everything that happened is kept. Append-only and hash-chained.
struct Record {
  std::uint64_t seq = 0; ///< 1, 2, 3 ... without holes
  Time time{};           ///< judge time of the event
  std::string boot;      ///< boot id of the host
  std::string actor;     ///< who: "backstopd", "uid:1000(ana)"
  std::string subject;   ///< what it is about: a service key, a deployment, an incident id
  std::string type;      ///< name of the payload's type, see records.hpp
  int version = 1;       ///< of the payload's type
  Json payload;          ///< an object; its text is at most kMaxPayload bytes
  std::string prev_hash; ///< hash of the record before (64 hex digits; all zeros before the first)
};

/// So that a handful of records always fits into the space reserve of the journal.
inline constexpr std::size_t kMaxPayload = std::size_t{1} << 20;

/// SHA-256 in hex (64 small digits) over the canonical text of all fields of `record`: what the next record's prev_hash
/// must be. The text is the line "backstop record 1\n" and then, in this order, seq, time (microseconds), boot, actor,
/// subject, type, version, payload (dump(), one line) and prev_hash, each as "<length in bytes>:<bytes>,". Numbers are
/// decimal. The lengths make it unambiguous whatever bytes a field holds.
std::string hash_of(const Record& record);
/// The same over a payload text as it is stored, so that every changed byte of it shows.
std::string hash_of(const Record& record, std::string_view payload_text);

/// How the chain ends; of an empty journal: seq 0 and the zero hash.
struct ChainEnd {
  std::uint64_t seq = 0;
  std::string hash = std::string(64, '0');
  bool operator==(const ChainEnd&) const = default;
};

/// Fills in seq and prev_hash of `records` as they follow on `end`, and gives the new end. Errc::invalid, with nothing
/// changed, where a payload is no object or would not read back (keys twice), too_large where it is too long or too deep.
Result<ChainEnd> chain(std::span<Record> records, ChainEnd end);

/// Whether `record` is the one that follows on `end`; else Errc::corrupt, naming the seq.
Status follows(const Record& record, const ChainEnd& end);

} // namespace backstop
