#pragma once
#include "collectors/http_fetcher.hpp"
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace backstop {

/// HttpFetcher whose answers are scripted per URL and whose time is virtual. A URL without a script refuses connections.
/// Passes the contract suite of tests/integration/http_fetcher_contract_test.cpp.
class ScriptedFetcher final : public HttpFetcher {
public:
  /// What one exchange gets, `after` its start. Timeouts and size bounds of the request are applied as the real one does.
  using Reply = std::function<Result<HttpResponse>(const HttpRequest&)>;

  /// Every exchange with `url` from now on, once the replies queued by once() are used up.
  void always(const std::string& url, Reply reply, Duration after = {});
  void always(const std::string& url, HttpResponse answer, Duration after = {});
  void always(const std::string& url, int status, std::string body, Duration after = {});
  /// One exchange; several are used in order.
  void once(const std::string& url, Reply reply, Duration after = {});
  void once(const std::string& url, HttpResponse answer, Duration after = {});
  void once(const std::string& url, int status, std::string body, Duration after = {});
  /// From now on `url` takes connections and never answers.
  void hang(const std::string& url);

  Id start(HttpRequest request, Done done) override;
  void cancel(Id id) override;

  /// Moves virtual time on and calls what falls due, in order of time, then of start. Exchanges started by a `done` are
  /// served too where they fall due within the same stretch.
  void advance(Duration by);
  /// Everything due now: advance(0).
  void deliver() { advance(Duration::zero()); }

  [[nodiscard]] Duration elapsed() const { return now_; } ///< virtual time since the beginning
  [[nodiscard]] std::size_t under_way() const { return pending_.size(); }
  [[nodiscard]] const std::vector<HttpRequest>& requests() const { return requests_; } ///< all ever started, in order

private:
  struct Scripted {
    Reply reply;
    Duration after{};
  };
  struct Script {
    std::deque<Scripted> queued;
    Scripted standing; ///< without a reply: refuses connections
  };
  struct Pending {
    Duration due{};
    Result<HttpResponse> outcome;
    Done done;
  };
  Scripted next_for(const std::string& url);

  std::map<std::string, Script> scripts_;
  std::map<Id, Pending> pending_;
  std::vector<HttpRequest> requests_;
  Duration now_{};
  Id last_id_ = 0;
};

} // namespace backstop
