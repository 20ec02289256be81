#include "daemon/io/http_call.hpp"
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace backstop {
namespace {

/// Of a body too large, so much is read and thrown away, so that the client hears why. Beyond that it is cut off.
constexpr std::size_t kThrownAway = std::size_t{1} << 20;

constexpr std::array<std::string_view, 6> kMethods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};

web::Response refusal(int status, std::string_view why) {
  return {status, "text/plain", std::string(why) + "\n", {{"Connection", "close"}}};
}

MHD_Result add_lowered(void* to, MHD_ValueKind, const char* name, std::size_t name_size, const char* value,
                       std::size_t size) noexcept {
  try {
    std::string lowered(name, name_size);
    std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    (*static_cast<std::map<std::string, std::string>*>(to))[lowered] = value ? std::string(value, size) : "";
    return MHD_YES;
  } catch (...) {
    return MHD_NO; // out of memory: the request goes on without this one and is refused for it
  }
}

MHD_Result add_as_is(void* to, MHD_ValueKind, const char* name, std::size_t name_size, const char* value,
                     std::size_t size) noexcept {
  try {
    (*static_cast<std::map<std::string, std::string>*>(to))[std::string(name, name_size)] =
        value ? std::string(value, size) : "";
    return MHD_YES;
  } catch (...) {
    return MHD_NO;
  }
}

/// What the handler holds. When its last copy goes, so does the chance to answer.
class Ticket final : public web::Exchange {
public:
  explicit Ticket(std::shared_ptr<HttpCall> call) : call_(std::move(call)) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket() override { call_->abandoned(); }
  void answer(web::Response response) override { call_->answer(std::move(response)); }
  void begin_stream() override { call_->begin_stream(); }
  bool push(std::string_view data) override { return call_->push(data); }
  void close() override { call_->close(); }
  bool gone() const override { return call_->gone(); }
  void on_gone(std::function<void()> notice) override { call_->on_gone(std::move(notice)); }

private:
  std::shared_ptr<HttpCall> call_;
};

} // namespace

HttpCall::HttpCall(EventLoop& loop, MHD_Connection* connection, int fd, bool is_unix, Limits limits,
                   std::function<void()> resumed)
    : loop_(loop), connection_(connection), fd_(fd), is_unix_(is_unix), limits_(limits), resumed_(std::move(resumed)) {}

MHD_Result HttpCall::begin(const char* method, const char* path, const char* version, std::optional<web::Peer> peer) {
  request_.method = method;
  request_.path = path;
  request_.peer = std::move(peer);
  MHD_get_connection_values_n(connection_, MHD_GET_ARGUMENT_KIND, &add_as_is, &request_.query);
  MHD_get_connection_values_n(connection_, MHD_HEADER_KIND, &add_lowered, &request_.headers);
  const bool known = std::find(kMethods.begin(), kMethods.end(), request_.method) != kMethods.end();
  const bool http1 = std::strcmp(version, "HTTP/1.1") == 0 || std::strcmp(version, "HTTP/1.0") == 0;
  if (!known || !http1 || request_.path.empty() || request_.path[0] != '/')
    return queue(refusal(400, "this is no request of HTTP/1"));
  const auto length = request_.headers.find("content-length");
  if (length != request_.headers.end() &&
      std::strtoull(length->second.c_str(), nullptr, 10) > std::max(kThrownAway, limits_.body))
    return queue(refusal(413, "the body is too large"));
  return MHD_YES;
}

MHD_Result HttpCall::refuse_for(Duration wait, const RequestRate& rate) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  const std::string allowed = std::to_string(std::chrono::seconds(1) / rate.every);
  web::Response refused{429,
                        "text/plain",
                        "too many requests: at most " + allowed + " a second from one " +
                            (is_unix_ ? "user" : "address") + "\n",
                        {{"Retry-After", std::to_string(seconds)}}};
  const auto has = [this](const char* header) {
    return MHD_lookup_connection_value(connection_, MHD_HEADER_KIND, header) != nullptr;
  };
  // libmicrohttpd closes a connection that is answered before the body's place: right for one with a body, which need
  // not come; else a client would connect anew, which costs more than to refuse it again.
  if (has(MHD_HTTP_HEADER_CONTENT_LENGTH) || has(MHD_HTTP_HEADER_TRANSFER_ENCODING)) return queue(refused);
  handed_over_ = true;
  response_ = std::move(refused);
  return MHD_YES;
}

MHD_Result HttpCall::wait_turn() {
  suspend();
  return MHD_YES;
}

MHD_Result HttpCall::receive(std::string_view data) {
  received_ += data.size();
  if (received_ <= limits_.body) request_.body.append(data);
  return received_ <= std::max(kThrownAway, limits_.body) ? MHD_YES : MHD_NO;
}

void HttpCall::hand_over(const web::Handler& handler) {
  if (handed_over_ || gone()) return; // gone while it waited
  handed_over_ = true;
  if (received_ > limits_.body)
    answer(refusal(413, "the body is too large: at most " + std::to_string(limits_.body) + " bytes"));
  else
    handler(std::move(request_), web::Responder(std::make_shared<Ticket>(shared_from_this())));
}

MHD_Result HttpCall::proceed() {
  if (gone_) return MHD_NO;
  if (response_) return queue(*response_);
  if (streaming_) return queue_stream();
  suspend();
  return MHD_YES;
}

void HttpCall::ended(bool detached) {
  const bool early = streaming_ ? !closed_ : !response_;
  hang_up_.reset();
  connection_ = nullptr;
  suspended_ = false;
  if (handed_over_ && early && !detached && on_gone_) loop_.post(std::exchange(on_gone_, nullptr));
  on_gone_ = nullptr; // what it holds may hold the Responder, and that us
}

void HttpCall::suspend() {
  MHD_suspend_connection(connection_);
  suspended_ = true;
  if (hang_up_) return;
  // The client of a Unix socket that closes hangs up. That of a TCP socket is seen to end its sending only.
  const std::uint32_t events = is_unix_ ? EPOLLHUP : EPOLLRDHUP;
  hang_up_ = loop_.add_io(
      fd_, events,
      [this](std::uint32_t) {
        gone_ = true;
        hang_up_->set_events(0);
        wake();
      },
      EventLoop::kControl);
}

void HttpCall::wake() {
  if (!suspended_) return;
  suspended_ = false;
  MHD_resume_connection(connection_);
  resumed_();
}

void HttpCall::answer(web::Response response) {
  if (response_ || streaming_ || gone()) return;
  response_ = std::move(response);
  wake();
}

void HttpCall::begin_stream() {
  if (response_ || streaming_ || gone()) return;
  streaming_ = true;
  wake();
}

bool HttpCall::push(std::string_view data) {
  if (!streaming_ || closed_ || gone()) return false;
  if (data.size() > limits_.stream_buffer - buffer_.size()) {
    gone_ = true;
    shutdown(fd_, SHUT_RDWR); // libmicrohttpd may be waiting for room in the socket: this ends the waiting
    wake();
    return false;
  }
  buffer_ += data;
  wake();
  return true;
}

void HttpCall::close() {
  closed_ = true;
  wake();
}

void HttpCall::abandoned() {
  if (streaming_)
    close();
  else
    answer({500, "text/plain", "the request was dropped without an answer\n", {}});
}

void HttpCall::add_common_headers(MHD_Response* made) const {
  if (!limits_.headers) return;
  for (const auto& [name, value] : *limits_.headers)
    if (!MHD_get_response_header(made, name.c_str())) MHD_add_response_header(made, name.c_str(), value.c_str());
}

MHD_Result HttpCall::queue(const web::Response& response) {
  // libmicrohttpd copies the body; it does not write to what it is given
  MHD_Response* made = MHD_create_response_from_buffer(response.body.size(), const_cast<char*>(response.body.data()),
                                                       MHD_RESPMEM_MUST_COPY);
  if (!made) return MHD_NO;
  if (!response.content_type.empty()) MHD_add_response_header(made, "Content-Type", response.content_type.c_str());
  for (const auto& [name, value] : response.headers) MHD_add_response_header(made, name.c_str(), value.c_str());
  add_common_headers(made);
  const MHD_Result queued = MHD_queue_response(connection_, static_cast<unsigned>(response.status), made);
  MHD_destroy_response(made);
  return queued;
}

MHD_Result HttpCall::queue_stream() {
  auto held = std::make_unique<std::shared_ptr<HttpCall>>(shared_from_this());
  constexpr std::size_t block = 4096;
  MHD_Response* made =
      MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block, &HttpCall::read, held.get(),
                                        [](void* h) { delete static_cast<std::shared_ptr<HttpCall>*>(h); });
  if (!made) return MHD_NO;
  (void)held.release();
  MHD_add_response_header(made, "Content-Type", "text/event-stream");
  MHD_add_response_header(made, "Cache-Control", "no-store");
  MHD_add_response_header(made, "X-Accel-Buffering", "no"); // nginx would hold events back
  add_common_headers(made);
  const MHD_Result queued = MHD_queue_response(connection_, 200, made);
  MHD_destroy_response(made);
  return queued;
}

ssize_t HttpCall::read(void* held, std::uint64_t, char* to, std::size_t size) noexcept {
  HttpCall& self = **static_cast<std::shared_ptr<HttpCall>*>(held);
  return self.loop_.barrier().run(ssize_t{MHD_CONTENT_READER_END_WITH_ERROR}, [&] { return self.read_some(to, size); });
}

ssize_t HttpCall::read_some(char* to, std::size_t size) {
  if (gone_) return MHD_CONTENT_READER_END_WITH_ERROR;
  if (!buffer_.empty()) {
    const std::size_t taken = buffer_.copy(to, size);
    buffer_.erase(0, taken);
    return static_cast<ssize_t>(taken);
  }
  if (closed_) return MHD_CONTENT_READER_END_OF_STREAM;
  suspend();
  return 0;
}

} // namespace backstop
