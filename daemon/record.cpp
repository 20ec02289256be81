#include "daemon/record.hpp"
#include <array>
#include <nettle/sha2.h>

namespace backstop {
namespace {

void field(std::string& text, std::string_view bytes) {
  text += std::to_string(bytes.size());
  text += ':';
  text += bytes;
  text += ',';
}

} // namespace

std::string sha256_hex(std::string_view text) {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_ctx context{};
  sha256_init(&context);
  sha256_update(&context, text.size(), reinterpret_cast<const std::uint8_t*>(text.data()));
  sha256_digest(&context, digest.size(), digest.data());
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    hex += kHex[byte >> 4U];
    hex += kHex[byte & 0xFU];
  }
  return hex;
}

std::string hash_of(const Record& record) { return hash_of(record, record.payload.dump()); }

std::string hash_of(const Record& record, std::string_view payload_text) {
  std::string text = "backstop record 1\n";
  field(text, std::to_string(record.seq));
  field(text, std::to_string(to_us(record.time)));
  field(text, record.boot);
  field(text, record.actor);
  field(text, record.subject);
  field(text, record.type);
  field(text, std::to_string(record.version));
  field(text, payload_text);
  field(text, record.prev_hash);
  return sha256_hex(text);
}

Result<ChainEnd> chain(std::span<Record> records, ChainEnd end) {
  for (const Record& record : records) {
    const std::string name = "record " + record.type + " of " + record.subject;
    if (!record.payload.as_object()) return fail(Errc::invalid, name + ": the payload is no object");
    const std::string text = record.payload.dump();
    if (text.size() > kMaxPayload)
      return fail(Errc::too_large, name + ": the payload has " + std::to_string(text.size()) + " bytes, at most " +
                                       std::to_string(kMaxPayload) + " can be kept");
    // What reading would refuse must never get in: the journal could not be read past it.
    if (const auto back = Json::parse(text); !back) return back.error().in(name + ": the payload would not read back");
  }
  for (Record& record : records) {
    record.seq = ++end.seq;
    record.prev_hash = std::move(end.hash);
    end.hash = hash_of(record);
  }
  return end;
}

Status follows(const Record& record, const ChainEnd& end) {
  const std::string seq = std::to_string(record.seq);
  if (record.seq != end.seq + 1)
    return fail(Errc::corrupt,
                "record " + seq + ": expected record " + std::to_string(end.seq + 1) + " here, a record is missing");
  if (record.prev_hash != end.hash)
    return fail(Errc::corrupt, "record " + seq + ": it does not follow on record " + std::to_string(end.seq) +
                                   " (hash chain broken), one of the two was changed");
  return {};
}

} // namespace backstop
