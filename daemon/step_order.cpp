#include "daemon/step_order.hpp"
#include <algorithm>
#include <array>

namespace backstop {
namespace {

using Act = StepOrder::Act;

struct Placeholder {
  const char* name;
  const char* variable;
  std::string value;
};
using Placeholders = std::array<Placeholder, 7>;

Placeholders placeholders_of(const config::Service& service, const StepOrder& order) {
  const auto field = [&](const char* name) {
    const auto it = order.fields.find(name);
    return it == order.fields.end() ? std::string() : it->second;
  };
  return {{{"service", "BACKSTOP_SERVICE", service.service},
           {"environment", "BACKSTOP_ENVIRONMENT", service.environment},
           {"version", "BACKSTOP_VERSION", field("version")},
           {"previous_version", "BACKSTOP_PREVIOUS_VERSION", field("previous_version")},
           {"deployment", "BACKSTOP_DEPLOYMENT", field("deployment")},
           {"incident", "BACKSTOP_INCIDENT", field("incident")},
           {"reason", "BACKSTOP_REASON", field("reason")}}};
}

std::string expand(const std::string& text, const Placeholders& placeholders) {
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

StepCommand plain_command(const std::vector<std::string>& argv, Duration timeout) {
  StepCommand command;
  command.argv = argv;
  command.timeout = timeout;
  command.environment = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"LANG", "C.UTF-8"}};
  return command;
}

const config::RunStep* run_step(const config::Service& service, const std::string& path) {
  for (const config::Step& step : service.rollback) {
    if (step.path == path) return std::get_if<config::RunStep>(&step.kind);
  }
  return nullptr;
}

/// The argv and timeout that an act means, or nothing.
const config::Command* command_of(const config::Service& service, const config::RunStep* run, Act act) {
  if (act == Act::version) return service.running_version ? &*service.running_version : nullptr;
  if (!run) return nullptr;
  if (act == Act::check) return run->check ? &*run->check : nullptr;
  if (act == Act::preflight) return run->preflight ? &*run->preflight : nullptr;
  return nullptr;
}

bool is_id(std::string_view text, char letter) {
  return text.size() >= 2 && text.size() <= 20 && text[0] == letter &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_text(std::string_view text, std::size_t limit) {
  return text.size() <= limit && std::none_of(text.begin(), text.end(), [](char c) {
           const auto u = static_cast<unsigned char>(c);
           return u < 0x20 || u == 0x7f;
         });
}

constexpr std::size_t kTextLimit = 4096;
constexpr std::size_t kBodyLimit = std::size_t{64} << 10; ///< of a notice

/// Why a field of a step's order is not taken; empty: it is.
std::string fault_of_step_field(const std::string& name, const std::string& value) {
  if (name == "version" || name == "previous_version")
    return value.empty() || is_version(value) ? "" : "'" + value.substr(0, 128) + "' is not a version";
  if (name == "deployment") return is_id(value, 'D') ? "" : "is not the id of a deployment";
  if (name == "incident") return value.empty() || is_id(value, 'I') ? "" : "is not the id of an incident";
  if (name == "reason") return is_text(value, kTextLimit) ? "" : "has control characters or more than 4096 bytes";
  return "is not a field of a step";
}

std::string fault_of_notice_field(const std::string& name, const std::string& value) {
  const std::size_t limit = name == "body" ? kBodyLimit : kTextLimit;
  if (name != "key" && name != "severity" && name != "title" && name != "body") return "is not a field of a notice";
  return is_text(value, limit) ? "" : "has control characters or is longer than " + std::to_string(limit) + " bytes";
}

} // namespace

bool is_version(std::string_view v) {
  const auto alnum = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (v.empty() || v.size() > 128 || !alnum(v.front())) return false;
  return std::all_of(v.begin(), v.end(),
                     [&](char c) { return alnum(c) || c == '.' || c == '_' || c == '+' || c == '-'; });
}

std::string one_line(std::string text) {
  if (text.size() > kTextLimit) {
    text.resize(kTextLimit);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back(); // a torn letter
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

Result<StepCommand> command_for(const config::Service& service, const StepOrder& order) {
  const config::RunStep* run = run_step(service, order.step);
  const config::Command* other = command_of(service, run, order.act);
  const bool acts = order.act == Act::run && run;
  if (!other && !acts)
    return fail(Errc::not_found, service.key() + " has no " + std::string(name_of(order.act)) + " command at step " +
                                     one_line(order.step.substr(0, 64)));
  StepCommand command = plain_command(other ? other->argv : run->argv, other ? other->timeout : run->timeout);
  const Placeholders placeholders = placeholders_of(service, order);
  for (std::string& argument : command.argv) argument = expand(argument, placeholders);
  for (const Placeholder& p : placeholders) command.environment[p.variable] = p.value;
  if (order.act != Act::version) {
    command.user = run->user;
    command.confinement = run->confinement;
    for (const auto& [name, value] : run->environment) command.environment[name] = expand(value, placeholders);
  }
  // The lock that deploy scripts share. A step that takes it by itself must know that it is held for it already.
  if (acts && !service.deploy_lock.empty()) {
    command.lock_file = service.deploy_lock;
    command.environment["BACKSTOP_DEPLOY_LOCK_HELD"] = service.deploy_lock;
  }
  command.order = order;
  return command;
}

Result<StepCommand> command_for(const config::Channel& channel, const StepOrder& order) {
  if (channel.type != config::ChannelType::command)
    return fail(Errc::not_found, "channel " + channel.name + " runs no command");
  StepCommand command = plain_command(channel.argv, channel.timeout);
  for (const auto& [field, variable] : {std::pair{"key", "BACKSTOP_NOTICE_KEY"},
                                        {"severity", "BACKSTOP_NOTICE_SEVERITY"},
                                        {"title", "BACKSTOP_NOTICE_TITLE"},
                                        {"body", "BACKSTOP_NOTICE_BODY"}}) {
    const auto it = order.fields.find(field);
    command.environment[variable] = it == order.fields.end() ? "" : it->second;
  }
  command.order = order;
  return command;
}

Status check_order(const StepOrder& order) {
  for (const auto& [name, value] : order.fields) {
    const std::string fault =
        order.act == Act::channel ? fault_of_notice_field(name, value) : fault_of_step_field(name, value);
    if (!fault.empty()) return fail(Errc::invalid, one_line("field '" + name.substr(0, 64) + "' " + fault));
  }
  if (order.act == Act::channel) return {};
  for (const char* needed : {"deployment", "version"}) {
    if (!order.fields.contains(needed)) return fail(Errc::invalid, std::string("field '") + needed + "' is missing");
  }
  return {};
}

} // namespace backstop
