#pragma once
#include "daemon/channel_notifier.hpp"
#include "daemon/config/config.hpp"
#include "daemon/io/http_server.hpp"
#include "daemon/seams.hpp"
#include <functional>
#include <memory>
#include <string>

namespace backstop {

class Api;
class App;
class EventFeed;
class EventLoop;
struct Caller;

/// What others come to: the control socket, /metrics and the page. Who may do what is found out here; what is done, by the Api.
class Frontends {
public:
  /// All of it outlives them.
  struct Parts {
    EventLoop& loop;
    App& app;
    Api& api;
    EventFeed& feed;
    const ReadSecret& secrets;
    Log& log;
  };
  /// `metrics` gives what /metrics shows; `after_request` is called after each request that may have changed something.
  Frontends(Parts parts, std::function<std::string()> metrics, std::function<void()> after_request);

  /// `given_socket`: a control socket that is open already; -1: there is none. An error is that of the control socket or of
  /// /metrics. A page whose port is taken is told in the log: nobody's service is left alone because of it.
  Status open(const config::Daemon& daemon, int given_socket);
  /// Tokens in force that are not taken, in the log: whoever shows one is told no more than that it is not known.
  void warn_of_tokens();
  /// ", metrics on port 9477, page on port 9478", for the log.
  [[nodiscard]] std::string ports() const;

private:
  Status open(std::unique_ptr<HttpServer>& server, Result<Listener> listener, web::Handler handler,
              HttpServer::Limits limits);
  void serve_control(web::Request request, const web::Responder& responder);
  void serve_page(web::Request request, const web::Responder& responder);
  void serve(web::Request request, Caller caller, const web::Responder& responder);
  void expose_metrics(const web::Request& request, const web::Responder& responder);

  Parts parts_;
  std::function<std::string()> metrics_text_;
  std::function<void()> after_request_;
  std::unique_ptr<HttpServer> control_, metrics_, page_;
};

} // namespace backstop
