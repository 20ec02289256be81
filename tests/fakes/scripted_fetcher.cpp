#include "tests/fakes/scripted_fetcher.hpp"
#include <algorithm>

namespace backstop {
namespace {

ScriptedFetcher::Reply reply_of(HttpResponse answer) {
  return [answer = std::move(answer)](const HttpRequest&) -> Result<HttpResponse> { return answer; };
}

HttpResponse response_of(int status, std::string body) {
  HttpResponse r;
  r.status = status;
  r.content_type = "text/plain";
  r.body = std::move(body);
  return r;
}

std::string without_credentials(const HttpRequest& request) {
  const std::string& url = request.url;
  const std::size_t scheme_end = url.find("://");
  const std::size_t host = scheme_end == std::string::npos ? 0 : scheme_end + 3;
  const std::size_t at = url.rfind('@');
  const std::string shown = at == std::string::npos ? url : url.substr(0, host) + url.substr(at + 1);
  return request.method + " " + shown.substr(0, shown.find('?'));
}

} // namespace

void ScriptedFetcher::always(const std::string& url, Reply reply, Duration after) {
  scripts_[url].standing = {std::move(reply), after};
}
void ScriptedFetcher::always(const std::string& url, HttpResponse answer, Duration after) {
  always(url, reply_of(std::move(answer)), after);
}
void ScriptedFetcher::always(const std::string& url, int status, std::string body, Duration after) {
  always(url, response_of(status, std::move(body)), after);
}
void ScriptedFetcher::once(const std::string& url, Reply reply, Duration after) {
  scripts_[url].queued.push_back({std::move(reply), after});
}
void ScriptedFetcher::once(const std::string& url, HttpResponse answer, Duration after) {
  once(url, reply_of(std::move(answer)), after);
}
void ScriptedFetcher::once(const std::string& url, int status, std::string body, Duration after) {
  once(url, response_of(status, std::move(body)), after);
}
void ScriptedFetcher::hang(const std::string& url) { always(url, HttpResponse{}, Duration::max()); }

ScriptedFetcher::Scripted ScriptedFetcher::next_for(const std::string& url) {
  const auto found = scripts_.find(url);
  if (found == scripts_.end()) return {};
  if (found->second.queued.empty()) return found->second.standing;
  Scripted next = std::move(found->second.queued.front());
  found->second.queued.pop_front();
  return next;
}

HttpFetcher::Id ScriptedFetcher::start(HttpRequest request, Done done) {
  const Id id = ++last_id_;
  const std::string who = without_credentials(request);
  Scripted script = next_for(request.url);
  if (!script.reply) {
    pending_[id] = {now_, fail(Errc::io, who + ": connection refused"), std::move(done)};
  } else if (script.after > request.timeout) {
    pending_[id] = {now_ + request.timeout, fail(Errc::timeout, who + ": no answer in time"), std::move(done)};
  } else {
    Result<HttpResponse> outcome = script.reply(request);
    if (outcome && outcome->body.size() > request.max_bytes)
      outcome = fail(Errc::too_large, who + ": the answer is too large");
    if (outcome) outcome->took = script.after;
    pending_[id] = {now_ + script.after, std::move(outcome), std::move(done)};
  }
  requests_.push_back(std::move(request));
  return id;
}

void ScriptedFetcher::cancel(Id id) { pending_.erase(id); }

void ScriptedFetcher::advance(Duration by) {
  const Duration until = now_ + by;
  for (;;) {
    const auto next = std::min_element(pending_.begin(), pending_.end(),
                                       [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
    if (next == pending_.end() || next->second.due > until) break;
    now_ = std::max(now_, next->second.due);
    Pending p = std::move(next->second);
    pending_.erase(next);
    p.done(std::move(p.outcome));
  }
  now_ = until;
}

} // namespace backstop
