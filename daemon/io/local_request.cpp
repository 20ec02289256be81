#include "daemon/io/local_request.hpp"
#include "daemon/io/exchange_words.hpp"
#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <string_view>
#include <sys/un.h>

namespace backstop {
namespace {

constexpr std::string_view kScheme = "http://";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/// 0: it is no port.
std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() ? port : std::uint16_t{0};
}

bool is_loopback_v4(const std::string& host) {
  in_addr address{};
  return host.starts_with("127.") && ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_this_host(std::string_view host) {
  return host == "localhost" || host == "[::1]" || is_loopback_v4(std::string(host));
}

/// What goes through as it is written.
bool is_plain_target(std::string_view target) {
  return std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; }) &&
         target.find("/.") == std::string_view::npos; // dot segments: somebody has to take them away
}

/// Headers that say how an exchange goes about are left to who knows all of that.
bool is_plain_header(const std::string& name, const std::string& value) {
  constexpr std::string_view transport[] = {"host",           "connection",        "user-agent",      "te",
                                            "content-length", "transfer-encoding", "accept-encoding", "expect",
                                            "content-type",   "authorization",     "upgrade",         "trailer"};
  return !name.empty() && std::all_of(name.begin(), name.end(), is_name_char) && !value.empty() &&
         !has_control(value) &&
         std::none_of(std::begin(transport), std::end(transport), [&](auto other) { return same_name(name, other); });
}

LocalRequest::Address at_v4(const std::string& host, std::uint16_t port) {
  LocalRequest::Address address;
  auto& in = reinterpret_cast<sockaddr_in&>(address.of);
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &in.sin_addr);
  address.size = sizeof in;
  return address;
}

LocalRequest::Address at_v6_loopback(std::uint16_t port) {
  LocalRequest::Address address;
  auto& in = reinterpret_cast<sockaddr_in6&>(address.of);
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  in.sin6_addr = in6addr_loopback;
  address.size = sizeof in;
  return address;
}

LocalRequest::Address at_path(const std::string& path) {
  LocalRequest::Address address;
  auto& un = reinterpret_cast<sockaddr_un&>(address.of);
  un.sun_family = AF_UNIX;
  path.copy(un.sun_path, sizeof un.sun_path - 1);
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

} // namespace

std::vector<LocalRequest::Address> LocalRequest::addresses() const {
  if (place.starts_with('/')) return {at_path(place)};
  const std::size_t colon = place.rfind(':');
  const std::string host = place.substr(0, colon);
  const std::uint16_t port = port_of(std::string_view(place).substr(colon + 1));
  if (host == "[::1]") return {at_v6_loopback(port)};
  if (host == "localhost") return {at_v6_loopback(port), at_v4("127.0.0.1", port)};
  return {at_v4(host, port)};
}

std::optional<LocalRequest> local_request(const HttpRequest& request) {
  if (request.method != "GET" || !request.body.empty() || request.own_connection || request.connect_only ||
      !request.basic_credential.empty() || has_control(request.bearer_token))
    return std::nullopt;
  std::string_view url = request.url;
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  url = url.substr(0, url.find('#'));
  const std::size_t end = std::min(url.find_first_of("/?"), url.size());
  const std::string_view authority = url.substr(0, end);
  std::string_view target = url.substr(end);
  const std::size_t colon = authority.starts_with('[') ? authority.find("]:") : authority.find(':');
  const std::size_t host_end = colon == std::string_view::npos ? authority.size() : colon + (authority[0] == '[');
  const std::string_view host = authority.substr(0, host_end);
  const std::uint16_t port = host_end == authority.size() ? std::uint16_t{80} : port_of(authority.substr(host_end + 1));
  const bool by_path =
      request.unix_socket.starts_with('/') && request.unix_socket.size() < sizeof(sockaddr_un::sun_path);
  if (port == 0 || !is_this_host(host) || !is_plain_target(target) || (!request.unix_socket.empty() && !by_path))
    return std::nullopt;

  LocalRequest local;
  local.place = by_path ? request.unix_socket : std::string(host) + ":" + std::to_string(port);
  std::string& text = local.text;
  text.reserve(256);
  text += "GET ";
  if (!target.starts_with('/')) text += '/';
  text.append(target).append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\nUser-Agent: backstop\r\n");
  bool accept = false;
  for (const auto& [name, value] : request.headers) {
    if (!is_plain_header(name, value)) return std::nullopt;
    accept = accept || same_name(name, "accept");
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!accept) text += "Accept: */*\r\n";
  if (!request.bearer_token.empty()) text.append("Authorization: Bearer ").append(request.bearer_token).append("\r\n");
  text += "\r\n";
  return local;
}

} // namespace backstop
