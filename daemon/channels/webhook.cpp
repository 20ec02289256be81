#include "daemon/channels/kinds.hpp"
#include "daemon/channels/signature.hpp"

/// The generic webhook: the notice as JSON. With a secret it is signed together with the time, so that neither can be made
/// up and an old one cannot be sent again; docs/channels.md says how to check it.
namespace backstop::channels {

std::optional<HttpRequest> webhook(const Sending& s, int step) {
  if (step > 0) return std::nullopt;
  Json body = Json::object();
  body.set("key", s.what.key).set("severity", s.what.severity).set("title", s.what.title);
  if (!s.what.details.is_null()) body.set("details", s.what.details);
  HttpRequest request = json_post(s, "", body);
  request.headers.emplace_back("Idempotency-Key", s.what.key);
  if (!s.secrets.key.empty()) {
    const std::string at = std::to_string(to_us(s.now) / 1'000'000);
    request.headers.emplace_back("Backstop-Signature",
                                 "t=" + at + ",v1=" + hmac_sha256_hex(s.secrets.key, at + "." + request.body));
  }
  return request;
}

} // namespace backstop::channels
