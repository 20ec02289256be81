#include "daemon/frozen_config.hpp"
#include "daemon/config/read.hpp"
#include "daemon/record.hpp"
#include <utility>

namespace backstop {

Result<config::Service> service_of_text(const std::string& text, const std::string& label) {
  config::ServiceOutcome outcome = config::load_service(text, label);
  if (!outcome.ok()) return fail(Errc::invalid, config::text_of(outcome.faults.front()));
  outcome.service.text = text;
  outcome.service.hash = sha256_hex(text);
  return std::move(outcome.service);
}

Result<config::Service> read_frozen(const std::string& text, const std::string& service) {
  return service_of_text(text, "the frozen configuration of " + service);
}

} // namespace backstop
