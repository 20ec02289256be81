#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/outcome.hpp"
#include "daemon/ctl/pages.hpp"
#include "daemon/ctl/render.hpp"
#include <chrono>
#include <utility>

namespace backstop::ctl {
namespace {

constexpr auto kRestartTolerance = std::chrono::seconds(30);
constexpr auto kLongSilence = std::chrono::minutes(1); ///< in a pipe

std::string current_step(const Json& document) {
  for (const Json& step : list(document["deployment"]["steps"])) {
    if (step.text("status") == "running") return step.text("path");
  }
  return "";
}

} // namespace

int exit_code_of(int status) {
  if (status < 400) return kDone;
  return status == 403 || status == 409 || status == 503 ? kRefused : kInputError;
}

std::string complaint(const std::string& what) { return "backstopctl: " + what + "\n"; }
Said wrong(const std::string& what) { return {kInputError, "", complaint(what)}; }

Said said_of(const Invocation& invocation, const Call& call, const Result<ControlClient::Answer>& answer,
             const Style& style) {
  if (!answer)
    return {answer.error().code == Errc::timeout ? kTimeout : kUnreachable, "", complaint(answer.error().what)};
  const Result<Json> document = Json::parse(answer->body);
  if (!document && answer->status >= 400) { // refused before it was read: one line of plain text
    const std::string why = printable_text(answer->body.substr(0, answer->body.find('\n')));
    const bool busy = answer->status == 429 || answer->status == 503;
    return {busy ? kUnreachable : kInputError, "",
            complaint("the daemon refused the request: " + why + " (status " + std::to_string(answer->status) +
                      (busy ? "; try again, or end other clients)" : ")"))};
  }
  if (!document)
    return {kUnreachable, "", complaint("the daemon's answer is not understood: " + document.error().what)};
  Said said{exit_code_of(answer->status), "", ""};
  // A question that was answered: no, it would not work.
  if (said.exit_code == kDone && call.page == Page::game_day && !(*document)["game_day"].flag("works"))
    said.exit_code = kInputError;
  if (said.exit_code == kDone && call.page == Page::channel_test && !document->flag("taken"))
    said.exit_code = kInputError;
  const Json shown = printable(*document);
  if (invocation.json) {
    said.out = document->dump(2) + "\n";
  } else if (answer->status >= 400) {
    said.err = complaint(render_error(shown));
  } else {
    said.out = render(call.page, shown, style);
    if (said.out.empty() && !call.done.empty()) said.out = call.done + "\n";
    said.err = render_warnings(call.page, shown);
  }
  return said;
}

Following::Following(const Invocation& invocation, const Wait& wait, const Style& style, bool live)
    : invocation_(invocation), wait_(wait), style_(style), live_(live && !invocation.json) {
  if (!live_) style_.width = 0;
}

void Following::show(Step& step, const Json& document, Duration since_start) {
  if (invocation_.json) return;
  const std::string line = progress_line(document, style_);
  if (live_) {
    step.out += "\r\033[K" + line;
    shown_ = true;
    return;
  }
  std::string change = document["deployment"].text("phase") + document["service"].text("level") +
                       current_step(document) + document["deployment"]["plan"].text("at") +
                       standing_of_rollback(document["deployment"]) +
                       (document["service"]["hold"].is_null() ? "" : "held") +
                       (document["deployment"].flag("verified_good") ? "good" : "");
  if (change == last_ && since_start - last_line_ < kLongSilence) return;
  last_ = std::move(change);
  last_line_ = since_start;
  step.out += line + "\n";
}

void Following::clear(Step& step) {
  if (shown_) step.out += "\r\033[K";
  shown_ = false;
}

Following::Step& Following::end(Step& step, int exit_code, const std::string& why) {
  clear(step);
  step.err += complaint(why);
  step.exit_code = exit_code;
  return step;
}

Following::Step Following::on_answer(const Result<ControlClient::Answer>& answer, Duration since_start) {
  Step step;
  const Result<Json> document = answer ? Json::parse(answer->body) : Result<Json>(answer.error());
  if (document) {
    const Json shown = printable(*document);
    if (answer->status >= 400) return end(step, exit_code_of(answer->status), render_error(shown));
    last_answer_ = since_start;
    if (std::exchange(told_down_, false)) last_.clear(); // it is seen that it answers again
    const Outcome outcome = outcome_of(shown, wait_.whole_bake, {style_.color, 0});
    if (outcome.exit_code >= 0) {
      clear(step);
      step.out += invocation_.json ? (*document)["deployment"].dump(2) : outcome.text;
      if (step.out.empty() || step.out.back() != '\n') step.out += "\n";
      step.exit_code = outcome.exit_code;
      return step;
    }
    show(step, shown, since_start);
  } else if (since_start - last_answer_ > kRestartTolerance) {
    return end(step, kUnreachable, document.error().what);
  } else if (!std::exchange(told_down_, true)) {
    clear(step);
    step.err += complaint("the daemon does not answer; waiting up to 30s for it to come back");
  }
  if (wait_.timeout != Duration{} && since_start >= wait_.timeout)
    return end(step, kTimeout, wait_.id + " is not decided yet; it goes on without this command");
  return step;
}

} // namespace backstop::ctl
