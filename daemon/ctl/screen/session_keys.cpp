#include "daemon/ctl/screen/session.hpp"
#include <algorithm>

/// What keys do.
namespace backstop::ctl::screen {
namespace {

constexpr int kPage = 10; ///< lines that a page key scrolls

} // namespace

void Session::on_key(const Key& key) {
  if (prompt_) return on_prompt_key(key);
  using Kind = Key::Kind;
  switch (key.kind) {
  case Kind::text: return on_letter(key.text);
  case Kind::up: return move(-1);
  case Kind::down: return move(1);
  case Kind::page_up: return move(-kPage);
  case Kind::page_down: return move(kPage);
  case Kind::home: return move(-1'000'000);
  case Kind::end: return move(1'000'000);
  case Kind::enter:
    if (page_ == View::Page::overview && service()) page_ = View::Page::details, scroll_ = 0;
    return;
  case Kind::escape:
    page_ = View::Page::overview;
    scroll_ = 0;
    said_.clear();
    return;
  case Kind::backspace:
  case Kind::clear: return;
  }
}

/// Up and down: to another service, or through a page.
void Session::move(int by) {
  if (page_ != View::Page::overview) {
    scroll_ = std::max(0, scroll_ + by);
    return;
  }
  const auto all = static_cast<int>(services_.size());
  int at = 0;
  while (at < all && services_[static_cast<std::size_t>(at)].name != chosen_) ++at;
  if (all == 0) return;
  by_hand_ = true;
  chosen_ = services_[static_cast<std::size_t>(std::clamp(at + by, 0, all - 1))].name;
}

void Session::on_letter(const std::string& letter) {
  if (letter == "q") {
    end_ = Said{};
    return;
  }
  if (letter == "j") return move(1);
  if (letter == "k") return move(-1);
  if (letter == "?") {
    page_ = page_ == View::Page::help ? View::Page::overview : View::Page::help;
    scroll_ = 0;
    return;
  }
  const Service* s = service();
  if (!s) return;
  const std::string nothing = s->name + ": ";
  said_.clear();
  if (letter == "e") return explain();
  if (letter == "h") prompt_ = Prompt::hold(s->name);
  if (letter == "r") prompt_ = Prompt::roll_back(s->name, s->target);
  if (letter == "a") {
    const std::string& id = s->incident.empty() ? s->any_incident : s->incident;
    id.empty() ? say(nothing + "no incident is open", true) : void(prompt_ = Prompt::acknowledge(id));
  }
  if (letter == "c" || letter == "d")
    s->asked ? void(prompt_ = Prompt::answer(s->deployment, letter == "c"))
             : say(nothing + "no rollback waits for an answer", true);
}

void Session::explain() {
  const Service* s = service();
  const std::string& id = !s->shown.empty() ? s->shown : s->any_incident;
  if (id.empty()) return say(s->name + ": no deployment of it is known here; backstopctl deploy list shows all", true);
  title_ = "why: " + s->name + " " + id;
  explain_ = id;
}

void Session::on_prompt_key(const Key& key) {
  using Kind = Key::Kind;
  switch (key.kind) {
  case Kind::text: return prompt_->type(key.text);
  case Kind::backspace: return prompt_->erase();
  case Kind::clear: return prompt_->clear();
  case Kind::escape: prompt_.reset(); return say("nothing was done", false);
  case Kind::enter: break;
  case Kind::up:
  case Kind::down:
  case Kind::page_up:
  case Kind::page_down:
  case Kind::home:
  case Kind::end: return;
  }
  const Status taken = prompt_->enter();
  say(taken ? "" : taken.error().what, !taken);
  if (const Request* request = prompt_->request()) action_ = *request;
  if (prompt_->over()) prompt_.reset();
}

} // namespace backstop::ctl::screen
