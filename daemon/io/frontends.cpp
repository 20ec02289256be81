#include "daemon/io/frontends.hpp"
#include "daemon/api.hpp"
#include "daemon/app.hpp"
#include "daemon/config/listen_address.hpp"
#include "daemon/event_feed.hpp"
#include "daemon/io/control_peer.hpp"
#include "daemon/io/event_loop.hpp"
#include "daemon/io/http_listener.hpp"
#include "daemon/page/admission.hpp"
#include "daemon/page/page_files.hpp"
#include <utility>

namespace backstop {
namespace {

/// `key` is the one of the configuration.
Result<Listener> listen_tcp(const std::string& listen, const char* key) {
  const config::ListenAddress address = config::listen_address(listen);
  if (!address.ok()) return fail(Errc::invalid, "'" + listen + "': write HOST:PORT").in(key);
  Result<Listener> tcp = Listener::tcp(address.bare_host(), address.number());
  if (!tcp) return tcp.error().in(key);
  return tcp;
}

/// Everybody who looks at the page comes from one address, that of this host, with some connections each.
HttpServer::Limits page_limits() {
  HttpServer::Limits limits;
  limits.peers.trusted.clear();
  limits.peers.connections = limits.peers.connections_per_peer = 128;
  limits.peers.rate = {std::chrono::milliseconds(5), 400};
  limits.headers = page::secured({}).headers;
  return limits;
}

web::Response response_of(const ApiReply& reply) {
  web::Response response{reply.status, "application/json", reply.body.dump() + "\n", {{"Cache-Control", "no-store"}}};
  if (reply.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return page::secured(std::move(response));
}

} // namespace

Frontends::Frontends(Parts parts, std::function<std::string()> metrics, std::function<void()> after_request)
    : parts_(parts), metrics_text_(std::move(metrics)), after_request_(std::move(after_request)) {}

Status Frontends::open(std::unique_ptr<HttpServer>& server, Result<Listener> listener, web::Handler handler,
                       HttpServer::Limits limits) {
  if (!listener) return listener.error();
  Result<std::unique_ptr<HttpServer>> started =
      HttpServer::start(parts_.loop, *std::move(listener), std::move(handler), std::move(limits));
  if (!started) return started.error();
  server = *std::move(started);
  return {};
}

Status Frontends::open(const config::Daemon& daemon, int given_socket) {
  HttpServer::Limits control_limits;
  control_limits.headers = page::secured({}).headers; // the page is there too, behind a tunnel
  // Anybody may connect; who may see or act is decided by the peer's credentials, with an answer that says so.
  Status opened = open(
      control_,
      given_socket >= 0 ? Listener::inherited(given_socket) : Listener::unix_socket(daemon.control.socket, 0666, ""),
      [this](web::Request request, const web::Responder& r) { serve_control(std::move(request), r); },
      std::move(control_limits));
  if (opened && !daemon.metrics_listen.empty())
    opened = open(metrics_, listen_tcp(daemon.metrics_listen, "metrics.listen"),
                  [this](const web::Request& request, const web::Responder& r) { expose_metrics(request, r); }, {});
  if (opened && !daemon.page.listen.empty()) {
    const Status shown = open(
        page_, listen_tcp(daemon.page.listen, "page.listen"),
        [this](web::Request request, const web::Responder& r) { serve_page(std::move(request), r); }, page_limits());
    if (!shown) parts_.log.write(LogLevel::error, "the page is not served: " + shown.error().what, {});
    warn_of_tokens();
  }
  return opened;
}

void Frontends::warn_of_tokens() {
  const config::Page& config = parts_.app.config().daemon.page;
  if (config.listen.empty()) return;
  for (const std::string& fault : page::token_faults(config, parts_.secrets))
    parts_.log.write(LogLevel::warning, "a token of the page is not taken: " + fault, {});
}

std::string Frontends::ports() const {
  return (metrics_ ? ", metrics on port " + std::to_string(metrics_->port()) : "") +
         (page_ ? ", page on port " + std::to_string(page_->port()) : "");
}

/// `caller` is known by now.
void Frontends::serve(web::Request request, Caller caller, const web::Responder& responder) {
  ApiRequest asked{request.method, request.path, request.query, std::move(request.body), std::move(caller)};
  if (request.path == "/v1/events" && request.method == "GET" && asked.caller.may_see) {
    return parts_.feed.subscribe(responder.stream());
  }
  parts_.api.handle(asked, parts_.loop.fresh_now(),
                    [responder](const ApiReply& reply) { responder.answer(response_of(reply)); });
  after_request_();
}

/// The rights are those of whoever connected; a browser behind a tunnel has them too, whatever site its page is of.
void Frontends::serve_control(web::Request request, const web::Responder& responder) {
  const config::Daemon& daemon = parts_.app.config().daemon;
  const bool of_file = page::asks_for_file(request, page::assets());
  if (const auto refused = page::foreign(request, of_file, daemon.page.hosts))
    return responder.answer(response_of(*refused));
  if (of_file) return responder.answer(*page::file_for(request, page::assets()));
  Caller caller = caller_of(request.peer, daemon);
  serve(std::move(request), std::move(caller), responder);
}

void Frontends::serve_page(web::Request request, const web::Responder& responder) {
  const config::Page& config = parts_.app.config().daemon.page;
  if (config.listen.empty()) // by a reload: what is left of the section says nothing of who may see
    return responder.answer(response_of(api_error(403, "unauthorized", "the page", "is not configured any more",
                                                  "restart backstopd to close its listener, or put `page` back")));
  if (const auto refused = page::foreign(request, page::asks_for_file(request, page::assets()), config.hosts))
    return responder.answer(response_of(*refused));
  if (auto file = page::file_for(request, page::assets())) return responder.answer(*std::move(file));
  page::Admission admission = page::admit(request, config, parts_.secrets);
  if (admission.refused) return responder.answer(response_of(*admission.refused));
  serve(std::move(request), std::move(admission.caller), responder);
}

void Frontends::expose_metrics(const web::Request& request, const web::Responder& responder) {
  if (request.path != "/metrics") return responder.answer({404, "text/plain", "try /metrics\n", {}});
  responder.answer({200, "text/plain; version=0.0.4; charset=utf-8", metrics_text_(), {}});
}

} // namespace backstop
