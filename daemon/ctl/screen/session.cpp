#include "daemon/ctl/screen/session.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/layout.hpp"
#include "daemon/ctl/render.hpp"
#include "daemon/ctl/screen/parts.hpp"
#include <algorithm>
#include <chrono>
#include <utility>

namespace backstop::ctl::screen {
namespace {

constexpr Duration kOften = std::chrono::milliseconds(500); ///< while something is under way, and while nobody answers
constexpr Duration kSeldom = std::chrono::seconds(1);
constexpr Duration kPatience = std::chrono::seconds(3); ///< with an answer, before it is said that there is none
constexpr Duration kOld = std::chrono::minutes(10);     ///< a deployment that has ended is shown no more

Request get(std::string path) { return {"GET", std::move(path), Json(), ""}; }

/// A service's key is two segments of a path.
std::string encoded_key(const std::string& service) {
  const std::size_t slash = service.find('/');
  if (slash == std::string::npos) return ControlClient::encoded(service);
  return ControlClient::encoded(service.substr(0, slash)) + "/" + ControlClient::encoded(service.substr(slash + 1));
}

/// The document of a good answer, harmless; null of any other.
Json document_of(const Session::Answer& answer) {
  if (!answer || answer->status >= 400) return {};
  const Result<Json> document = Json::parse(answer->body);
  return document ? printable(*document) : Json();
}

/// What a refusal says, on one line.
std::string refusal(const ControlClient::Answer& answer) {
  const Result<Json> document = Json::parse(answer.body);
  return document ? render_error(printable(*document)) : printable_text(answer.body.substr(0, answer.body.find('\n')));
}

} // namespace

void Session::ask(std::vector<Question>& out, Subject subject, Request request, const std::string& about,
                  const Moment& now) {
  asked(subject) = {true, now.steady, about};
  out.push_back({subject, std::move(request)});
}

/// Something is under way that changes within a second.
bool Session::lasts() const {
  return failed_ ||
         std::any_of(services_.begin(), services_.end(), [](const Service& s) { return !s.deployment.empty(); });
}

std::vector<Session::Question> Session::due(const Moment& now) {
  std::vector<Question> out;
  if (action_ && !asked(Subject::action).under_way) {
    action_done_ = action_->done;
    ask(out, Subject::action, std::move(*action_), "", now);
    action_.reset();
  }
  if (!asked(Subject::status).under_way && now.steady >= next_) {
    ask(out, Subject::status, get("/v1/status" + (only_.empty() ? "" : "?service=" + ControlClient::encoded(only_))),
        "", now);
    next_ = now.steady + (lasts() ? kOften : kSeldom);
  }
  if (failed_) return out;
  const auto wants = [&](Subject subject, const std::string& about) {
    return !asked(subject).under_way && asked(subject).about != about;
  };
  if (const std::string about = chosen_ + "@" + std::to_string(round_);
      !chosen_.empty() && wants(Subject::readings, about)) {
    const std::int64_t from = histories_[chosen_].newest_us();
    ask(out, Subject::readings,
        get("/v1/readings/" + encoded_key(chosen_) + (from > 0 ? "?from_us=" + std::to_string(from) : "")), about, now);
  }
  if (const Service* s = service(); s && !s->shown.empty()) {
    const std::string about = s->shown + "@" + std::to_string(status_.integer("records"));
    const bool needed = page_ == View::Page::details || s->deployment.empty();
    if (needed && wants(Subject::deployment, about))
      ask(out, Subject::deployment, get("/v1/deployments/" + ControlClient::encoded(s->shown)), about, now);
  }
  if (!explain_.empty() && !asked(Subject::explanation).under_way)
    ask(out, Subject::explanation, get("/v1/explain/" + ControlClient::encoded(std::exchange(explain_, ""))), "", now);
  return out;
}

Duration Session::until_due(const Moment& now) const {
  return asked(Subject::status).under_way ? kSeldom : std::max(Duration{}, next_ - now.steady);
}

void Session::on_answer(Subject subject, const Answer& answer, const Moment& now) {
  asked(subject).under_way = false;
  switch (subject) {
  case Subject::action: return take_action(answer);
  case Subject::explanation: return take_explanation(answer);
  case Subject::deployment:
    if (Json document = document_of(answer); !document.is_null()) deployment_ = std::move(document);
    return take_services();
  case Subject::readings: {
    const Json document = document_of(answer);
    if (!document.is_null()) histories_[document.text("service")].take(document);
    return;
  }
  case Subject::status: break;
  }
  if (!answer) return fail(answer.error().what);
  if (answer->status == 429 || answer->status == 503) return fail(refusal(*answer));
  if (answer->status >= 400) {
    end_ = said_of(Invocation{}, Call{}, answer, {});
    return;
  }
  Json document = document_of(answer);
  if (document.is_null()) return fail("the daemon's answer is not understood");
  status_ = std::move(document);
  last_answer_ = now.wall;
  failed_ = false;
  ++round_;
  take_services();
}

void Session::fail(const std::string& why) {
  failed_ = true;
  failed_why_ = printable_text(why);
}

std::string Session::worth_showing(const Json& service) const {
  const std::string key = service.text("service");
  if (!service.text("locked_by").empty()) return service.text("locked_by");
  if (const auto last = last_deployments_.find(key); last != last_deployments_.end()) return last->second;
  std::string id;
  for (const Json& i : list(status_["incidents"])) {
    if (i.text("service") == key) id = i.text("deployment");
  }
  return id;
}

void Session::take_services() {
  services_.clear();
  const Time now = time_of(status_["now"]);
  for (const Json& s : list(status_["services"])) {
    const std::string under_way = s["deployment"].text("id"), key = s.text("service");
    if (!under_way.empty()) last_deployments_[key] = under_way;
    const std::string shown = under_way.empty() ? worth_showing(s) : "";
    const Json& d = deployment_["deployment"];
    // What ended long ago tells nothing of now, unless it left the service locked.
    const bool old = !s.flag("locked") && !d["ended"].is_null() && now - time_of(d["ended"]) > kOld;
    services_.push_back(service_of(s, status_["incidents"], d.text("id") == shown && !old ? d : Json(), now));
    if (services_.back().shown.empty()) services_.back().shown = shown;
  }
  choose();
}

void Session::choose() {
  const auto there = [&](const Service& s) { return s.name == chosen_; };
  if (by_hand_ && std::any_of(services_.begin(), services_.end(), there)) return;
  // It stays where it is while nothing else is worse.
  const auto at = std::find_if(services_.begin(), services_.end(), there);
  int most = at == services_.end() ? -1 : at->urgency();
  if (prompt_ || page_ != View::Page::overview) most = at == services_.end() ? -1 : 1000;
  for (const Service& s : services_) {
    if (s.urgency() > most) chosen_ = s.name, most = s.urgency();
  }
}

const Service* Session::service() const {
  for (const Service& s : services_)
    if (s.name == chosen_) return &s;
  return nullptr;
}

void Session::take_action(const Answer& answer) {
  next_ = {}; // what came of it is seen at once
  if (!answer)
    return say(answer.error().what + "; whether it was done is not known: look before you do it again", true);
  if (answer->status >= 400) return say(refusal(*answer), true);
  const Json document = document_of(answer);
  say(document.text("note").empty() ? action_done_ : document.text("note"), false);
}

void Session::take_explanation(const Answer& answer) {
  if (!answer) return say(answer.error().what, true);
  if (answer->status >= 400) return say(refusal(*answer), true);
  Json document = document_of(answer);
  Json deployment = document["deployment"];
  deployment.set("timeline", Json()); // that is on the page of details
  text_ = render(::backstop::ctl::Page::explanation, document.set("deployment", std::move(deployment)), {});
  page_ = View::Page::text;
  scroll_ = 0;
}

void Session::say(std::string text, bool bad) {
  said_ = std::move(text);
  said_bad_ = bad;
}

bool Session::turns() const {
  const Service* s = service();
  const auto runs = [](const auto& part) { return part.state == Step::State::running; };
  return s &&
         (std::any_of(s->steps.begin(), s->steps.end(), runs) || std::any_of(s->plan.begin(), s->plan.end(), runs));
}

View Session::view(const Moment& now) const {
  View view;
  view.now = now.wall;
  view.turn = static_cast<unsigned>(now.steady / std::chrono::milliseconds(250));
  const Asked& status = asked(Subject::status);
  const bool slow = status.under_way && now.steady - status.since > kPatience;
  if (failed_ || slow) {
    view.silent = last_answer_.value_or(Time{});
    view.silent_why = failed_ ? failed_why_ : "it takes long";
  }
  view.host = status_.is_null() ? std::vector<Trouble>{} : host_troubles(status_);
  view.services = services_;
  for (std::size_t i = 0; i < view.services.size(); ++i) {
    Service& s = view.services[i];
    if (s.name != chosen_) continue;
    view.chosen = i;
    if (const auto history = histories_.find(s.name); history != histories_.end())
      for (Indicator& indicator : s.indicators) indicator.course = history->second.course(indicator.indicator, s.begun);
  }
  view.page = page_;
  view.title = title_;
  view.text = text_;
  const Json& d = deployment_["deployment"];
  if (page_ == View::Page::details && service() && d.text("id") == service()->shown) view.timeline = timeline_of(d);
  view.scroll = scroll_;
  if (prompt_) view.asking = prompt_->asking();
  view.said = said_;
  view.said_bad = said_bad_;
  return view;
}

} // namespace backstop::ctl::screen
