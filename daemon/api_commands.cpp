#include "daemon/api_commands.hpp"
#include <algorithm>
#include <array>

namespace backstop {
namespace {

/// Takes members out of a body one by one; at the end none may be left over.
class Members {
public:
  explicit Members(const Json& body) : body_(body) {
    if (!body.as_object()) problem_ = "the body is not a JSON object";
  }
  std::string text(const char* name) {
    const std::string value = optional_text(name);
    if (value.empty()) complain(std::string("'") + name + "' is missing");
    return value;
  }
  std::string optional_text(const char* name) {
    const Json& member = take(name);
    if (member.is_null()) return {};
    if (!member.as_string()) {
      complain(std::string("'") + name + "' must be a string");
      return {};
    }
    if (member.as_string()->size() > kMaxText) complain(std::string("'") + name + "' is longer than 4096 bytes");
    return *member.as_string();
  }
  std::string choice(const char* name, std::initializer_list<const char*> allowed) {
    const std::string value = optional_text(name);
    if (value.empty()) return value;
    std::string all;
    for (const char* a : allowed) {
      if (value == a) return value;
      all += (all.empty() ? "" : ", ") + std::string(a);
    }
    complain("'" + std::string(name) + "' is '" + value + "'; it must be one of " + all);
    return value;
  }
  bool flag(const char* name) {
    const Json& member = take(name);
    if (member.is_null()) return false;
    if (!member.as_bool()) complain(std::string("'") + name + "' must be true or false");
    return member.as_bool() && *member.as_bool();
  }
  Duration seconds(const char* name) {
    const Json& member = take(name);
    if (member.is_null()) return {};
    double value = 0;
    if (!member.as_number(value) || value < 0 || value > 366.0 * 86400) {
      complain(std::string("'") + name + "' must be a number of seconds, at most a year");
      return {};
    }
    return seconds_f(value);
  }
  Duration required_seconds(const char* name) {
    if (body_[name].is_null()) complain(std::string("'") + name + "' is missing");
    return seconds(name);
  }
  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> out;
    const Json& member = take(name);
    if (member.is_null()) return out;
    if (!member.as_array()) complain(std::string("'") + name + "' must be a list of strings");
    if (const auto* list = member.as_array()) {
      for (const Json& e : *list) {
        if (!e.as_string()) complain(std::string("'") + name + "' must be a list of strings");
        if (e.as_string()) out.push_back(*e.as_string());
      }
    }
    return out;
  }
  [[nodiscard]] Result<Command> done(Command command) {
    if (problem_.empty() && body_.as_object()) {
      for (const auto& [name, value] : *body_.as_object()) {
        if (std::find(taken_.begin(), taken_.end(), name) == taken_.end()) {
          std::string known;
          for (const std::string& t : taken_) known += (known.empty() ? "" : ", ") + t;
          complain("unknown field '" + name + "'; known are: " + (known.empty() ? "none" : known));
        }
      }
    }
    if (!problem_.empty()) return fail(Errc::invalid, problem_);
    return command;
  }

private:
  static constexpr std::size_t kMaxText = 4096;
  const Json& take(const char* name) {
    taken_.emplace_back(name);
    return body_[name];
  }
  void complain(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  const Json& body_;
  std::vector<std::string> taken_;
  std::string problem_;
};

Result<Command> plan_command(const std::string& id, const std::string& verb, Members& m) {
  if (verb == "begin") {
    BeginDeployment c;
    c.id = id;
    c.override_reason = m.optional_text("override_reason");
    return m.done(std::move(c));
  }
  if (verb == "approve") {
    Approve c;
    c.id = id;
    c.role = m.text("role");
    c.comment = m.optional_text("comment");
    c.items = m.texts("items");
    c.all_items = m.flag("all_items");
    return m.done(std::move(c));
  }
  if (verb == "revoke") {
    Revoke c;
    c.id = id;
    c.role = m.text("role");
    c.reason = m.text("reason");
    c.items = m.texts("items");
    return m.done(std::move(c));
  }
  if (verb == "check") return m.done(CheckItems{id});
  if (verb == "pause") return m.done(PausePlan{id, m.text("reason")});
  if (verb == "resume") return m.done(ResumePlan{id, m.optional_text("reason")});
  if (verb == "promote") return m.done(PromotePlan{id, m.text("reason")});
  if (verb == "skip") return m.done(SkipStep{id, m.optional_text("step"), m.text("reason")});
  return fail(Errc::not_found, "no such route");
}

Result<Command> deployment_command(const std::vector<std::string>& path, Members& m) {
  if (path.size() == 2) {
    BeginDeployment c;
    c.service = m.text("service");
    if (const std::string environment = m.optional_text("environment"); !environment.empty())
      c.service += "/" + environment;
    c.version = m.text("version");
    c.previous = m.optional_text("previous");
    c.kind = m.choice("type", {"feature", "hotfix", "maintenance"});
    c.mode = m.choice("mode", {"observe", "confirm", "auto"});
    c.components = m.texts("components");
    c.irreversible = m.flag("irreversible");
    c.override_reason = m.optional_text("override_reason");
    if (m.flag("request")) {
      if (!c.override_reason.empty()) return fail(Errc::invalid, "'request' and 'override_reason' exclude each other");
      return m.done(RequestDeployment{std::move(c)});
    }
    return m.done(std::move(c));
  }
  if (path.size() != 4) return fail(Errc::not_found, "no such route");
  const std::string &id = path[2], &verb = path[3];
  if (verb == "finish") return m.done(FinishDeployment{id});
  if (verb == "abort") return m.done(AbortDeployment{id, m.optional_text("reason")});
  if (verb == "confirm") return m.done(AnswerConfirmation{id, m.text("reason"), true});
  if (verb == "decline") return m.done(AnswerConfirmation{id, m.text("reason"), false});
  return plan_command(id, verb, m);
}

std::string service_member(Members& m, bool all_allowed) {
  if (all_allowed && m.flag("all")) return "*";
  return m.text("service");
}

Result<Command> service_command(const std::string& verb, Members& m) {
  if (verb == "hold") {
    Hold c;
    c.service = service_member(m, true);
    m.optional_text("service");
    c.lasts = m.required_seconds("for_s");
    c.reason = m.text("reason");
    return m.done(std::move(c));
  }
  if (verb == "unhold") {
    Unhold c{service_member(m, true)};
    m.optional_text("service");
    return m.done(std::move(c));
  }
  if (verb == "rollback") return m.done(RollBackNow{m.text("service"), m.text("reason")});
  if (verb == "accept") return m.done(AcceptNow{m.text("service"), m.text("reason")});
  if (verb == "signal") return m.done(RaiseSignal{m.text("service"), m.text("kind"), m.text("evidence")});
  if (verb == "adopt")
    return m.done(Adopt{m.text("service"), m.text("version"), m.text("reason"), m.optional_text("side")});
  if (verb == "unlock") {
    Unlock c;
    c.service = m.text("service");
    c.reason = m.text("reason");
    c.retry_from = m.optional_text("retry_from");
    c.done_by_hand = m.flag("done_by_hand");
    if (c.done_by_hand && !c.retry_from.empty())
      return fail(Errc::invalid, "'retry_from' and 'done_by_hand' exclude each other");
    return m.done(std::move(c));
  }
  if (verb == "game-day") return m.done(HoldGameDay{m.text("service"), m.flag("channels")});
  return fail(Errc::not_found, "no such route");
}

} // namespace

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  std::size_t i = 0;
  while (i < path.size()) {
    if (path[i] == '/') ++i;
    const std::size_t end = std::min(path.find('/', i), path.size());
    if (end > i) segments.emplace_back(path.substr(i, end - i));
    i = end;
  }
  return segments;
}

Result<Command> command_of(std::string_view path, const Json& body) {
  const std::vector<std::string> parts = segments_of(path);
  Members m(body);
  if (parts.size() < 2 || parts[0] != "v1") return fail(Errc::not_found, "no such route");
  if (parts[1] == "deployments") return deployment_command(parts, m);
  if (parts[1] == "incidents" && parts.size() == 4 && parts[3] == "ack") {
    return m.done(Acknowledge{parts[2], m.text("comment"), m.seconds("for_s")});
  }
  if (parts[1] == "incidents" && parts.size() == 4 && parts[3] == "review") {
    return m.done(CloseReview{parts[2], m.text("root_cause"), m.text("prevention")});
  }
  if (parts[1] == "quarantine" && parts.size() == 3 && parts[2] == "release") {
    return m.done(ReleaseQuarantine{m.text("service"), m.text("version"), m.text("reason")});
  }
  if (parts.size() == 2) return service_command(parts[1], m);
  return fail(Errc::not_found, "no such route");
}

} // namespace backstop
