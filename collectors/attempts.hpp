#pragma once
#include "collectors/raw_sample.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <optional>
#include <string>
#include <vector>

/// What trying a service as its users do gives, as families probe_*.
namespace backstop {

/// Whether a failed try tells of the service. False: it tells of us or of what is between (a name that is not
/// resolved, a file that cannot be read, no free descriptor, an answer larger than we take), and counts neither for
/// nor against the service.
bool tells_of_service(const Error& error);

/// One try. What is not known gives no sample.
struct Attempt {
  std::string why;                          ///< it counts as failed; empty: as good
  std::optional<Duration> took;             ///< until there was a connection, or the whole of an answer, good or not
  std::optional<int> status;                ///< of HTTP
  std::optional<Duration> certificate_left; ///< until the first of the server's certificates expires
};

/// Counts the attempts and gives samples. One for each target.
///
/// - probe_success: 1 or 0.
/// - probe_duration_seconds, probe_http_status_code, probe_tls_expiry_seconds (negative once it has expired).
/// - probe_attempts_total, probe_failures_total: counted here, and so begin at 0.
class AttemptMeter {
public:
  std::vector<RawSample> take(const Attempt& attempt);

private:
  double attempts_ = 0, failures_ = 0;
};

} // namespace backstop
