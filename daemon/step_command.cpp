#include "daemon/executor.hpp"
#include <array>

namespace backstop {
namespace {

struct Placeholder {
  const char* name;
  const char* variable;
  std::string value;
};

std::array<Placeholder, 7> placeholders_of(const DeploymentState& d) {
  const std::string service = d.service.substr(0, d.service.find('/'));
  const std::string environment =
      d.service.find('/') == std::string::npos ? "" : d.service.substr(d.service.find('/') + 1);
  return {{{"service", "BACKSTOP_SERVICE", service},
           {"environment", "BACKSTOP_ENVIRONMENT", environment},
           {"version", "BACKSTOP_VERSION", d.version},
           {"previous_version", "BACKSTOP_PREVIOUS_VERSION", d.previous},
           {"deployment", "BACKSTOP_DEPLOYMENT", d.id},
           {"incident", "BACKSTOP_INCIDENT", d.incident},
           {"reason", "BACKSTOP_REASON", d.rollback ? d.rollback->cause : ""}}};
}

std::string expand(const std::string& text, const std::array<Placeholder, 7>& placeholders) {
  std::string out;
  std::size_t i = 0;
  while (i < text.size()) {
    bool replaced = false;
    for (const Placeholder& p : placeholders) {
      const std::string token = "{" + std::string(p.name) + "}";
      if (text.compare(i, token.size(), token) != 0) continue;
      out += p.value;
      i += token.size();
      replaced = true;
      break;
    }
    if (!replaced) out += text[i++];
  }
  return out;
}

} // namespace

StepCommand command_of(const DeploymentState& deployment, const std::vector<std::string>& argv, Duration timeout,
                       const std::map<std::string, std::string>& environment) {
  const auto placeholders = placeholders_of(deployment);
  StepCommand command;
  for (const std::string& argument : argv) command.argv.push_back(expand(argument, placeholders));
  command.environment = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"LANG", "C.UTF-8"}};
  for (const Placeholder& p : placeholders) command.environment[p.variable] = p.value;
  for (const auto& [name, value] : environment) command.environment[name] = expand(value, placeholders);
  command.timeout = timeout;
  return command;
}

} // namespace backstop
