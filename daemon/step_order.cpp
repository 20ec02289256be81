#include "daemon/step_order.hpp"
#include "daemon/procedures.hpp"
#include "daemon/rollout.hpp"
#include "daemon/words.hpp"
#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace backstop {
namespace {

using Act = StepOrder::Act;

struct Placeholder {
  const char* name;
  const char* variable;
  std::string value;
  bool of_traffic = false; ///< left out of the environment where nothing moves traffic
};
using Placeholders = std::array<Placeholder, 10>;

Placeholders placeholders_of(const config::Service& service, const StepOrder& order, double share, bool moves) {
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
           {"reason", "BACKSTOP_REASON", field("reason")},
           {"side", "BACKSTOP_SIDE", field("side"), true},
           {"other_side", "BACKSTOP_OTHER_SIDE", field("side").empty() ? "" : other_side(service, field("side")), true},
           {"percent", "BACKSTOP_PERCENT", moves ? fmt::format("{}", share * 100) : "", true}}};
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

/// What of the configuration an order means: `run` for its user, sandbox and environment, `other` where another command than
/// its own is to be run.
struct Meant {
  const config::RunStep* run = nullptr;
  const config::Command* other = nullptr;
  const config::Traffic* traffic = nullptr; ///< moved, or looked at, so that `share` goes to the side in the order
  double share = 0;
  bool shares_lock = true;
};

Meant meant_by(const config::Service& service, const StepOrder& order) {
  Meant meant;
  if (order.act == Act::version) {
    meant.other = service.running_version ? &*service.running_version : nullptr;
    return meant;
  }
  if (order.act == Act::item) {
    if (!service.gates) return meant;
    for (const config::ChecklistItem& item : service.gates->checklist) {
      const auto* command = item.name == order.step ? std::get_if<config::CommandItem>(&item.kind) : nullptr;
      if (command) meant.run = &command->run;
    }
    meant.shares_lock = false;
    return meant;
  }
  if (order.step == kTrafficBack) {
    meant.traffic = service.traffic ? &*service.traffic : nullptr;
    return meant;
  }
  const std::string undone = step_undone_by(order.step);
  const bool undoes = !undone.empty();
  const config::Step* step = config::step_at(service, undoes ? undone : order.step);
  if (!step) return meant;
  meant.shares_lock = undoes || step->group.empty(); // those that run beside each other would keep each other out
  meant.run = undoes ? (step->undo ? &*step->undo : nullptr) : std::get_if<config::RunStep>(&step->kind);
  if (const auto* moved = undoes ? nullptr : std::get_if<config::TrafficStep>(&step->kind)) {
    meant.traffic = service.traffic ? &*service.traffic : nullptr;
    meant.share = moved->share;
  }
  if (!meant.run) return meant;
  if (order.act == Act::check) meant.other = meant.run->check ? &*meant.run->check : nullptr;
  if (order.act == Act::preflight) meant.other = meant.run->preflight ? &*meant.run->preflight : nullptr;
  return meant;
}

/// The program that moves traffic lies beside the supervisor of steps, which knows where that is.
constexpr const char* kTrafficProgram = "backstop-traffic";

std::vector<std::string> traffic_argv(const config::Traffic& traffic, const std::string& side, double share,
                                      bool check) {
  if (traffic.driver == config::Traffic::Driver::command) return check ? traffic.checked : traffic.argv;
  const bool haproxy = traffic.driver == config::Traffic::Driver::haproxy;
  std::vector<std::string> argv{kTrafficProgram, haproxy ? "haproxy" : "nginx"};
  const auto add = [&](const char* option, const std::string& value) {
    argv.emplace_back(option);
    argv.push_back(value);
  };
  if (haproxy) {
    add("--socket", traffic.socket);
    add("--backend", traffic.backend);
  } else {
    add("--file", traffic.file);
    add("--upstream", traffic.upstream);
    for (const std::string& word : traffic.test) add("--test", word);
    for (const std::string& word : traffic.reload) add("--reload", word);
  }
  for (const config::Side& s : traffic.sides) add("--side", s.name + "=" + join(s.servers, ","));
  add("--to", side);
  add("--share", fmt::format("{}", share));
  add("--timeout", fmt::format("{}", to_seconds(traffic.timeout)));
  if (check) argv.emplace_back("--check");
  return argv;
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

constexpr Duration kTrafficSpare = std::chrono::seconds(5); ///< so that the program speaks before it is ended
constexpr std::size_t kTextLimit = 4096;
constexpr std::size_t kBodyLimit = std::size_t{64} << 10; ///< of a notice

/// Why a field of a step's order is not taken; empty: it is.
std::string fault_of_step_field(const std::string& name, const std::string& value) {
  if (name == "version" || name == "previous_version")
    return value.empty() || is_version(value) ? "" : "'" + value.substr(0, 128) + "' is not a version";
  if (name == "deployment") return is_id(value, 'D') ? "" : "is not the id of a deployment";
  if (name == "incident") return value.empty() || is_id(value, 'I') ? "" : "is not the id of an incident";
  if (name == "side") return is_version(value) ? "" : "'" + value.substr(0, 128) + "' is no name of a side";
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
  const Meant meant = meant_by(service, order);
  const bool looks = order.act == Act::check || order.act == Act::preflight;
  const bool acts = (order.act == Act::run && (meant.run || meant.traffic)) || (order.act == Act::item && meant.run);
  StepCommand command;
  if (meant.traffic && (looks || acts)) {
    const auto side = order.fields.find("side");
    const auto& sides = meant.traffic->sides;
    const bool known =
        side != order.fields.end() &&
        std::any_of(sides.begin(), sides.end(), [&](const config::Side& s) { return s.name == side->second; });
    if (!known) return fail(Errc::invalid, service.key() + " has no such side of its traffic");
    command = plain_command(traffic_argv(*meant.traffic, side->second, meant.share, looks),
                            meant.traffic->timeout + kTrafficSpare);
    // Somebody's own command that cannot say how it is: it is moved anew, which does no harm.
    if (command.argv.empty()) command.argv = {order.act == Act::preflight ? "/bin/true" : "/bin/false"};
  } else if (meant.other) {
    command = plain_command(meant.other->argv, meant.other->timeout);
  } else if (acts) {
    command = plain_command(meant.run->argv, meant.run->timeout);
  } else {
    return fail(Errc::not_found, service.key() + " has no " + std::string(name_of(order.act)) + " command at step " +
                                     one_line(order.step.substr(0, 64)));
  }
  const Placeholders placeholders = placeholders_of(service, order, meant.share, meant.traffic != nullptr);
  if (!meant.traffic || meant.traffic->driver == config::Traffic::Driver::command)
    for (std::string& argument : command.argv) argument = expand(argument, placeholders);
  for (const Placeholder& p : placeholders)
    if (!p.value.empty() || !p.of_traffic) command.environment[p.variable] = p.value;
  if (meant.run) {
    command.user = meant.run->user;
    command.confinement = meant.run->confinement;
    for (const auto& [name, value] : meant.run->environment) command.environment[name] = expand(value, placeholders);
  }
  // The lock that deploy scripts share. A step that takes it by itself must know that it is held for it already.
  if (order.act == Act::run && meant.run && meant.shares_lock && !service.deploy_lock.empty()) {
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
