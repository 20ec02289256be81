#pragma once
#include "daemon/app.hpp"
#include "daemon/json.hpp"
#include <functional>
#include <map>
#include <string>
#include <vector>

/// The control API, free of sockets: requests in, documents out. Frozen in docs/control-api.md.
namespace backstop {

/// Who asks, as the socket's credentials say.
struct Caller {
  std::string name; ///< "uid:1000(ana)", the actor in records
  bool may_see = false;
  bool may_act = false;
  std::vector<std::string> roles{}; ///< that the caller may sign as; "*": any
  std::string to_act{};             ///< what one who may not act can do about it; empty: join the group
};

struct ApiRequest {
  std::string method; ///< GET, POST
  std::string path;   ///< without the query
  std::map<std::string, std::string> query;
  std::string body;
  Caller caller;
};

struct ApiReply {
  int status = 200;
  Json body = Json::object();
};

/// {"error": {"code", "what", "why", "how"}}
ApiReply api_error(int status, const std::string& code, const std::string& what, const std::string& why,
                   const std::string& how);

class Api {
public:
  using Answer = std::function<void(const ApiReply&)>;
  /// `reload` reads the configuration again: faults as text, empty when it was applied.
  Api(App& app, std::function<std::vector<std::string>()> reload);

  /// Answers once, at once or later: `deploy begin` waits for the preflight commands, `game-day` for its questions,
  /// the test of a channel for what is on its other side.
  void handle(const ApiRequest& request, Time now, Answer answer);
  /// Gives the answers that were waiting and have become ready. Call after every event.
  void poll();

private:
  ApiReply see(const ApiRequest& request, Time now) const;
  ApiReply see_past(const ApiRequest& request, const std::string& id, bool samples) const;
  ApiReply see_deployment(const ApiRequest& request, const std::vector<std::string>& path, Time now) const;
  ApiReply see_readings(const ApiRequest& request, const std::vector<std::string>& path, Time now) const;
  ApiReply see_told(const ApiRequest& request, const std::string& id) const;
  ApiReply act(const ApiRequest& request, Time now, std::string& wait_for);
  ApiReply begun(const std::string& id) const;
  void test_channel(const std::string& channel, const ApiRequest& request, Time now, Answer answer);
  [[nodiscard]] bool ready(const std::string& id) const;

  struct Waiting {
    std::string id; ///< of a deployment, or of a game day
    Answer answer;
  };
  App& app_;
  std::function<std::vector<std::string>()> reload_;
  std::vector<Waiting> waiting_;
};

} // namespace backstop
