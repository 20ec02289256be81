#include "collectors/attempts.hpp"

namespace backstop {

bool tells_of_service(const Error& error) { return error.code == Errc::io || error.code == Errc::timeout; }

std::vector<RawSample> AttemptMeter::take(const Attempt& attempt) {
  ++attempts_;
  if (!attempt.why.empty()) ++failures_;
  std::vector<RawSample> out{{"probe_success", {}, attempt.why.empty() ? 1.0 : 0.0},
                             {"probe_attempts_total", {}, attempts_},
                             {"probe_failures_total", {}, failures_}};
  if (attempt.took) out.push_back({"probe_duration_seconds", {}, to_seconds(*attempt.took)});
  if (attempt.status) out.push_back({"probe_http_status_code", {}, static_cast<double>(*attempt.status)});
  if (attempt.certificate_left) out.push_back({"probe_tls_expiry_seconds", {}, to_seconds(*attempt.certificate_left)});
  return out;
}

} // namespace backstop
