#include "daemon/io/exchange_words.hpp"
#include "daemon/io/answer_blocks.hpp"
#include "daemon/io/curl_url.hpp"
#include "daemon/io/os_error.hpp"
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>

namespace backstop {
namespace {

std::string bytes_text(std::size_t bytes) {
  if (bytes >= 1U << 20 && bytes % (1U << 20) == 0) return fmt::format("{} MiB", bytes >> 20);
  if (bytes >= 1U << 10 && bytes % (1U << 10) == 0) return fmt::format("{} KiB", bytes >> 10);
  return fmt::format("{} bytes", bytes);
}

std::string duration_text(Duration d) {
  if (d % std::chrono::seconds(1) == Duration::zero()) return fmt::format("{} s", d / std::chrono::seconds(1));
  return fmt::format("{} ms", d / std::chrono::milliseconds(1));
}

/// "host:port"
std::string shown_place(const std::string& text) {
  const CurlUrl url = parse_url(text);
  return url ? url_part(url, CURLUPART_HOST) + ":" + url_part(url, CURLUPART_PORT) : shown_url(text);
}

} // namespace

std::string shown_url(const std::string& text, bool secret_path) {
  const CurlUrl url = parse_url(text);
  if (!url) { // whatever a password may look like in it, it stands before an @
    const std::string shown = secret_path ? std::string() : text.substr(text.rfind('@') + 1);
    return "'" + shown.substr(0, shown.find('?')) + "'";
  }
  std::string shown = url_part(url, CURLUPART_SCHEME) + "://" + url_part(url, CURLUPART_HOST);
  if (const std::string port = url_part(url, CURLUPART_PORT); !port.empty()) shown += ":" + port;
  return secret_path ? shown : shown + url_part(url, CURLUPART_PATH);
}

Error exchange_error(const HttpRequest& request, Errc code, const std::string& why) {
  if (request.connect_only) {
    const std::string place = request.unix_socket.empty() ? shown_place(request.url) : request.unix_socket;
    return fail(code, fmt::format("{}: {}", place, why));
  }
  const std::string at = request.unix_socket.empty() ? "" : " at " + request.unix_socket;
  return fail(code, fmt::format("{} {}{}: {}", request.method, shown_url(request.url, request.secret_path), at, why));
}

Error no_connection(const HttpRequest& request, int number, bool no_socket) {
  const bool ours = no_socket || number == EADDRNOTAVAIL || number == ENOBUFS || number == ENOMEM;
  return exchange_error(request, ours ? Errc::busy : Errc::io, errno_text(number));
}

std::string answer_too_large(std::size_t max_bytes) {
  return fmt::format("the answer is larger than {}", bytes_text(max_bytes));
}
std::string answers_too_large() {
  return fmt::format("the answer is larger than {} while the others that come take {}",
                     bytes_text(AnswersUnderWay::small), bytes_text(AnswersUnderWay::most));
}
std::string headers_too_large(std::size_t max_bytes) {
  return fmt::format("the headers of the answer are larger than {}", bytes_text(max_bytes));
}
std::string no_answer_within(Duration timeout) { return fmt::format("no answer within {}", duration_text(timeout)); }
std::string not_complete_within(Duration timeout, std::size_t received) {
  return fmt::format("the answer was not complete within {} ({} bytes came)", duration_text(timeout), received);
}
std::string no_connection_within(Duration timeout, bool tls) {
  return fmt::format("no {} within {}", tls ? "TLS connection" : "connection", duration_text(timeout));
}
std::string name_not_resolved_within(Duration timeout) {
  return fmt::format("the host name was not resolved within {}", duration_text(timeout));
}
std::string closed_without_answer() { return "the server closed the connection without an answer"; }
std::string broke_off(const std::string& detail) {
  return "the connection broke before the answer was complete: " + detail;
}
std::string not_http(const std::string& detail) {
  return detail.empty() ? "the answer is not HTTP/1" : "the answer is not HTTP/1: " + detail;
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

} // namespace backstop
