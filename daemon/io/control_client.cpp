#include "daemon/io/control_client.hpp"
#include "daemon/io/barrier.hpp"
#include "daemon/io/control_exchange.hpp"
#include "daemon/io/curl_exchange.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace backstop {
namespace {

constexpr std::size_t kMaxLine = std::size_t{1} << 20; ///< of an event stream
constexpr long kNoLimit = 0;                           ///< as libcurl writes it

/// Turns bytes into events: lines, as the HTML standard's chapter on server-sent events describes them.
class EventReader {
public:
  explicit EventReader(const std::function<bool(const ControlClient::Event&)>& each) : each_(each) {}
  /// False: enough.
  bool take(std::string_view bytes) {
    buffer_ += bytes;
    std::size_t begin = 0;
    for (std::size_t end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n', begin)) {
      std::string_view line(buffer_.data() + begin, end - begin);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      begin = end + 1;
      if (!take_line(line)) return false;
    }
    buffer_.erase(0, begin);
    too_long_ = buffer_.size() > kMaxLine || event_.data.size() > kMaxLine;
    return !too_long_;
  }
  [[nodiscard]] bool too_long() const { return too_long_; }

private:
  bool take_line(std::string_view line) {
    if (line.empty()) {
      const ControlClient::Event event = std::exchange(event_, {});
      return !std::exchange(has_data_, false) || each_(event);
    }
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    if (name == "event")
      event_.type = value;
    else if (name == "id")
      event_.id = value;
    else if (name == "data") {
      if (std::exchange(has_data_, true)) event_.data += '\n';
      event_.data += value;
    }
    return true; // a line that begins with a colon is a sign of life and nothing more
  }

  const std::function<bool(const ControlClient::Event&)>& each_;
  std::string buffer_;
  ControlClient::Event event_;
  bool has_data_ = false;
  bool too_long_ = false;
};

/// One reading of a stream, as libcurl's callback needs it.
struct Reading {
  Barrier& barrier;
  CURL* easy;
  EventReader events;
  bool enough = false;
  std::string body;

  static std::size_t on_bytes(char* data, std::size_t, std::size_t size, void* argument) noexcept {
    auto& self = *static_cast<Reading*>(argument);
    return self.barrier.run(std::size_t{0}, [&] { return self.take({data, size}) ? size : std::size_t{0}; });
  }
  bool take(std::string_view bytes) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200) {
      enough = !events.take(bytes);
      return !enough;
    }
    body += bytes;
    return body.size() <= kMaxControlAnswer;
  }
};

} // namespace

Result<ControlClient::Answer> ControlClient::request(const std::string& method, const std::string& path,
                                                     const std::string& body, Duration timeout) const {
  HttpRequest r = control_request(socket_, method, path);
  r.timeout = timeout;
  r.body = body;
  if (!body.empty()) r.headers.emplace_back("Content-Type", "application/json");
  Barrier barrier;
  CurlExchange exchange(std::move(r), barrier);
  if (Status prepared = exchange.prepare(); !prepared) return prepared.error();
  const CURLcode code = curl_easy_perform(exchange.easy());
  barrier.rethrow();
  Result<HttpResponse> outcome = exchange.outcome(code);
  if (outcome) return Answer{outcome->status, std::move(outcome->body)};
  return no_control_answer(socket_, exchange.easy(), code, outcome.error());
}

Result<ControlClient::Answer>
ControlClient::events(const std::string& path, const std::function<bool(const Event&)>& each, Duration timeout) const {
  HttpRequest r = control_request(socket_, "GET", path);
  r.timeout = timeout;
  r.headers.emplace_back("Accept", "text/event-stream");
  Barrier barrier;
  CurlExchange exchange(std::move(r), barrier);
  if (Status prepared = exchange.prepare(); !prepared) return prepared.error();
  Reading reading{barrier, exchange.easy(), EventReader(each), false, {}};
  curl_easy_setopt(exchange.easy(), CURLOPT_WRITEFUNCTION, &Reading::on_bytes);
  curl_easy_setopt(exchange.easy(), CURLOPT_WRITEDATA, &reading);
  if (timeout == Duration::zero()) curl_easy_setopt(exchange.easy(), CURLOPT_TIMEOUT_MS, kNoLimit);

  const CURLcode code = curl_easy_perform(exchange.easy());
  barrier.rethrow();
  if (reading.events.too_long()) return fail(Errc::too_large, "an event from " + socket_ + " is longer than 1 MiB");
  if (reading.enough) return Answer{200, ""};
  Result<HttpResponse> outcome = exchange.outcome(code);
  if (outcome) return Answer{outcome->status, std::move(reading.body)};
  return no_control_answer(socket_, exchange.easy(), code, outcome.error());
}

std::string ControlClient::encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain)
      result += c;
    else
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

} // namespace backstop
