#include "daemon/ctl/screen/prompt.hpp"
#include "daemon/config/quantities.hpp"
#include "daemon/ctl/screen/glyphs.hpp"
#include "daemon/io/control_client.hpp"

namespace backstop::ctl::screen {
namespace {

constexpr std::size_t kMost = 1000; ///< bytes; the daemon takes 4096
constexpr const char* kWord = "rollback";

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Request post(std::string path, Json body, std::string done) {
  return {"POST", std::move(path), std::move(body), std::move(done)};
}

} // namespace

Prompt Prompt::acknowledge(const std::string& incident) {
  return {
      post("/v1/incidents/" + ControlClient::encoded(incident) + "/ack", Json::object(), incident + " is acknowledged"),
      {{"acknowledge " + incident + ": what do you know or do?", "comment"}}};
}

Prompt Prompt::hold(const std::string& service) {
  return {post("/v1/hold", Json::object().set("service", service), service + " is held: measured, not acted upon"),
          {{"hold " + service + ": for how long (30m, 2h)?", "for_s", Field::Kind::duration},
           {"hold " + service + ": why?", "reason"}}};
}

Prompt Prompt::roll_back(const std::string& service, const std::string& target) {
  const std::string what = "roll " + service + " back" + (target.empty() ? "" : " to " + target);
  return {post("/v1/rollback", Json::object().set("service", service), service + " is being rolled back"),
          {{what + " now? To do it type " + kWord + ":", "", Field::Kind::word}, {what + ": why?", "reason"}}};
}

Prompt Prompt::answer(const std::string& deployment, bool confirm) {
  return {post("/v1/deployments/" + ControlClient::encoded(deployment) + (confirm ? "/confirm" : "/decline"),
               Json::object(), confirm ? "confirmed: it is being rolled back" : "declined: it stays"),
          {{(confirm ? "confirm: roll " + deployment + " back; why?" : "decline: " + deployment + " stays; why?"),
            "reason"}}};
}

void Prompt::type(const std::string& text) {
  std::string& input = fields_[at_].input;
  if (input.size() + text.size() <= kMost) input += text;
}

void Prompt::erase() {
  std::string& input = fields_[at_].input;
  while (!input.empty() && (static_cast<unsigned char>(input.back()) & 0xC0U) == 0x80U) input.pop_back();
  if (!input.empty()) input.pop_back();
}

Status Prompt::enter() {
  const Field& field = fields_[at_];
  const std::string input = trimmed(field.input);
  if (field.kind == Field::Kind::word && input != kWord) {
    over_ = true;
    return fail(Errc::refused, std::string("nothing was done: the word is ") + kWord);
  }
  if (input.empty()) return fail(Errc::invalid, "it is for the record, and may not be empty (Esc leaves it)");
  if (field.kind == Field::Kind::duration) {
    config::Mistake mistake;
    const std::optional<Duration> d = config::parse_duration(input, mistake);
    if (!d) return fail(Errc::invalid, mistake.what + (mistake.how.empty() ? "" : "; " + mistake.how));
    request_.body.set(field.member, to_seconds(*d));
  } else if (!field.member.empty()) {
    request_.body.set(field.member, input);
  }
  if (++at_ == fields_.size()) {
    --at_;
    over_ = ready_ = true;
  }
  return {};
}

} // namespace backstop::ctl::screen
