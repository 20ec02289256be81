#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/past_request.hpp"
#include "daemon/ctl/render.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/io/control_client.hpp"
#include "daemon/replay/nearest.hpp"
#include "daemon/views.hpp"
#include <unistd.h>
#include <utility>

namespace backstop::ctl {
namespace {

constexpr Duration kAnswerTimeout = std::chrono::seconds(30);

Json nearest_json(const replay::Nearest& nearest) {
  Json changes = Json::array(), in_vain = Json::array();
  for (const replay::Change& c : nearest.changes)
    changes.push(Json::object().set("setting", c.setting).set("from", c.from).set("to", c.to).set("factor", c.factor));
  for (const std::string& setting : nearest.in_vain) in_vain.push(setting);
  return Json::object()
      .set("rolls_back", nearest.rolls_back)
      .set("until", wall(nearest.until))
      .set("replays", static_cast<std::int64_t>(nearest.replays))
      .set("changes", std::move(changes))
      .set("in_vain", std::move(in_vain));
}

/// The rules as they were in force: with what was learned of the service then.
void put_in_learned(replay::Request& request) {
  if (!request.frozen || request.frozen->learned_from == 0) return;
  request.service.judge.warm_up = request.frozen->warm_up;
  request.service.judge.sequential.sustain = request.frozen->sustain;
  request.frozen->learned_from = 0;
}

void tell_progress(std::size_t replays) {
  if (::isatty(STDERR_FILENO) == 1) print({kDone, "", "\r\033[Kreplayed " + std::to_string(replays) + " times"});
}

/// What would have turned the decision on `deployment`, or why that cannot be told.
Json nearest_of(const Invocation& invocation, const std::string& deployment) {
  PastRequest past;
  const auto not_told = [](std::string why) { return Json::object().set("why", std::move(why)); };
  if (const Said fault = request_of(invocation, deployment, "", past); fault.exit_code != kDone)
    return not_told(fault.err.substr(0, fault.err.find('\n')));
  put_in_learned(past.request);
  Result<replay::Nearest> nearest = replay::nearest_change(std::move(past.request), tell_progress);
  if (::isatty(STDERR_FILENO) == 1) print({kDone, "", "\r\033[K"});
  return nearest ? nearest_json(*nearest) : not_told(nearest.error().what);
}

} // namespace

Said run_explain(const Invocation& invocation, const Explain& wanted) {
  const ControlClient client(invocation.socket);
  const Call call{"GET", "/v1/explain/" + ControlClient::encoded(wanted.id), {}, Page::explanation, ""};
  const auto answer = client.request("GET", call.path, "", kAnswerTimeout);
  const Said plain = said_of(invocation, call, answer, terminal_style(invocation));
  if (plain.exit_code != kDone) return plain;
  Result<Json> document = Json::parse(answer->body);
  if (!document) return plain;
  document->set("nearest", nearest_of(invocation, (*document)["deployment"].text("id")));
  if (invocation.json) return {kDone, document->dump(2) + "\n", ""};
  return {kDone, render(Page::explanation, printable(*document), terminal_style(invocation)), ""};
}

} // namespace backstop::ctl
