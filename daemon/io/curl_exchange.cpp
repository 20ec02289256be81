#include "daemon/io/curl_exchange.hpp"
#include "daemon/io/curl_url.hpp"
#include "daemon/io/exchange_words.hpp"
#include "daemon/io/name_lookup.hpp"
#include <algorithm>
#include <cctype>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <stdexcept>
#include <sys/socket.h>

namespace backstop {
namespace {

/// libcurl bounds one header line, not how many come.
constexpr std::size_t kMaxHeaderBytes = std::size_t{64} << 10;

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" || host.compare(0, 4, "127.") == 0;
}

/// As libcurl gives hosts: an IPv6 address in brackets.
bool is_address(const std::string& host) { return host.starts_with('[') || is_numeric_address(host); }

} // namespace

CurlExchange::CurlExchange(HttpRequest request, Barrier& barrier, AnswersUnderWay* under_way)
    : request_(std::move(request)), barrier_(barrier), easy_(curl_easy_init()), body_(under_way) {
  if (!easy_) throw std::runtime_error("libcurl gives no handle");
}

template <class T> void CurlExchange::set(CURLoption option, T value) {
  const CURLcode code = (curl_easy_setopt)(easy_.get(), option, value);
  if (setup_ == CURLE_OK) setup_ = code;
}

Status CurlExchange::prepare() {
  if (request_.method.empty() ||
      !std::all_of(request_.method.begin(), request_.method.end(), [](unsigned char c) { return std::isupper(c); }))
    return fail(Errc::invalid, "an HTTP method is a word in capitals");
  const CurlUrl url = parse_url(request_.url);
  if (!url) return failed(Errc::invalid, "this is no URL");
  if (const std::string scheme = url_part(url, CURLUPART_SCHEME); scheme != "http" && scheme != "https")
    return failed(Errc::invalid, "only http:// and https:// are allowed");
  const std::string host = url_part(url, CURLUPART_HOST);
  if (!request_.bearer_token.empty() && !request_.basic_credential.empty())
    return failed(Errc::invalid, "a bearer token or a password, not both");

  if (Status added = add_headers(!request_.unix_socket.empty() || is_loopback(host)); !added) return added;
  set_method();
  set_transport();
  // An address is what it is. Else libcurl looks through all that it ever resolved before each exchange.
  if (is_address(host)) set(CURLOPT_DNS_CACHE_TIMEOUT, -1L);
  set_identity();
  set_callbacks();
  if (request_.own_connection) set_own_connection();
  if (request_.connect_only) set(CURLOPT_CONNECT_ONLY, 1L);
  if (setup_ != CURLE_OK) return failed(Errc::invalid, curl_easy_strerror(setup_));
  return {};
}

Status CurlExchange::add_header(const std::string& name, const std::string& value) {
  if (name.empty() || has_control(name) || name.find_first_of(": ") != std::string::npos)
    return failed(Errc::invalid, "a header's name holds a colon, a space or a control character");
  if (has_control(value))
    return failed(Errc::invalid, fmt::format("header {} holds a line break or a control character", name));
  append(value.empty() ? name + ";" : name + ": " + value);
  return {};
}

/// In libcurl's notation: "Name: value", "Name;" sends a header without a value, "Name:" removes one.
void CurlExchange::append(const std::string& line) {
  curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
  if (!longer) throw std::bad_alloc();
  (void)headers_.release(); // now part of `longer`
  headers_.reset(longer);
}

Status CurlExchange::add_headers(bool loopback) {
  bool content_type = false;
  for (const auto& [name, value] : request_.headers) {
    if (Status added = add_header(name, value); !added) return added;
    content_type = content_type || same_name(name, "content-type");
  }
  if (!request_.bearer_token.empty())
    if (Status added = add_header("Authorization", "Bearer " + request_.bearer_token); !added) return added;
  append("Expect:"); // no second round trip before a body
  if (!content_type) append("Content-Type:");
  if (loopback) append("Accept-Encoding:"); // compressing costs both sides more than loopback does
  return {};
}

void CurlExchange::set_method() {
  const std::string& method = request_.method;
  if (method == "HEAD") return set(CURLOPT_NOBODY, 1L);
  if (method == "GET" && request_.body.empty()) return set(CURLOPT_HTTPGET, 1L);
  if (!request_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.c_str()); // not copied: request_ lives as long as the handle
  }
  set(CURLOPT_CUSTOMREQUEST, method.c_str());
}

void CurlExchange::set_transport() {
  set(CURLOPT_URL, request_.url.c_str());
  if (!request_.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, ""); // set and empty: none from the environment either
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_ACCEPT_ENCODING, "gzip");
  set(CURLOPT_USERAGENT, "backstop");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_BUFFERSIZE, static_cast<long>(kReadAtOnce));
  // Without it a transfer that times out while a name is being resolved waits for the resolver thread: the loop stops.
  set(CURLOPT_QUICK_EXIT, 1L);
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(request_.timeout).count();
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::clamp<long long>(ms, 1, 86'400'000))); // 0 would mean no limit
}

void CurlExchange::set_identity() {
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!request_.ca_file.empty()) {
    set(CURLOPT_CAINFO, request_.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr)); // else the system's roots stay trusted beside it
  }
  if (!request_.client_cert_file.empty()) set(CURLOPT_SSLCERT, request_.client_cert_file.c_str());
  if (!request_.client_key_file.empty()) set(CURLOPT_SSLKEY, request_.client_key_file.c_str());
  if (!request_.basic_credential.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERPWD, request_.basic_credential.c_str());
  }
}

void CurlExchange::set_callbacks() {
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_WRITEFUNCTION, &CurlExchange::on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_ERRORBUFFER, detail_.data());
  set(CURLOPT_OPENSOCKETFUNCTION, &CurlExchange::on_open);
  set(CURLOPT_OPENSOCKETDATA, this);
}

void CurlExchange::set_own_connection() {
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  set(CURLOPT_CERTINFO, 1L);
}

/// As libcurl would, and keeps why there is none.
curl_socket_t CurlExchange::on_open(void* argument, curlsocktype, curl_sockaddr* address) noexcept {
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) static_cast<CurlExchange*>(argument)->no_socket_ = errno;
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

std::size_t CurlExchange::on_body(char* data, std::size_t, std::size_t size, void* argument) noexcept {
  auto& self = *static_cast<CurlExchange*>(argument);
  return self.barrier_.run(std::size_t{0}, [&] {
    self.body_too_large_ = size > self.request_.max_bytes - self.body_.size();
    self.all_too_large_ = !self.body_.has_room(size);
    if (self.body_too_large_ || self.all_too_large_) return std::size_t{0}; // less than was given: ends the transfer
    self.body_.append({data, size});
    return size;
  });
}

std::size_t CurlExchange::on_header(char*, std::size_t, std::size_t size, void* argument) noexcept {
  auto& self = *static_cast<CurlExchange*>(argument);
  self.header_bytes_ += size;
  self.headers_too_large_ = self.header_bytes_ > kMaxHeaderBytes;
  return self.headers_too_large_ ? 0 : size;
}

Result<HttpResponse> CurlExchange::outcome(CURLcode code) {
  if (code != CURLE_OK) return explain(code);
  if (request_.connect_only) {
    curl_off_t connected_us = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connected_us);
    response_.took = Duration(connected_us);
    return std::move(response_);
  }
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  response_.body = body_.take();
  const char* type = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_TYPE, &type);
  if (type) response_.content_type = type;
  curl_header* header = nullptr;
  if (curl_easy_header(easy_.get(), "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
    response_.retry_after = header->value;
  curl_off_t took_us = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_TOTAL_TIME_T, &took_us);
  response_.took = Duration(took_us);
  if (request_.own_connection) response_.certificate_left = certificate_left();
  return std::move(response_);
}

Error CurlExchange::failed(Errc code, const std::string& why) const { return exchange_error(request_, code, why); }

std::optional<Duration> CurlExchange::certificate_left() const {
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(easy_.get(), CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain) return std::nullopt;
  constexpr std::string_view wanted = "Expire date:";
  std::optional<time_t> first;
  for (int i = 0; i < chain->num_of_certs; ++i) {
    for (const curl_slist* field = chain->certinfo[i]; field; field = field->next) {
      if (!std::string_view(field->data).starts_with(wanted)) continue;
      const time_t expires = curl_getdate(field->data + wanted.size(), nullptr);
      if (expires >= 0) first = std::min(first.value_or(expires), expires);
    }
  }
  if (!first) return std::nullopt;
  return std::chrono::seconds(*first - std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

Error CurlExchange::timed_out() const {
  curl_off_t resolved_us = 0;
  curl_off_t connected_us = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_NAMELOOKUP_TIME_T, &resolved_us);
  curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connected_us);
  if (header_bytes_ > 0) return failed(Errc::timeout, not_complete_within(request_.timeout, body_.size()));
  if (connected_us > 0) return failed(Errc::timeout, no_answer_within(request_.timeout));
  const bool tls = request_.url.compare(0, 6, "https:") == 0;
  if (resolved_us > 0 || !request_.unix_socket.empty())
    return failed(Errc::timeout, no_connection_within(request_.timeout, tls));
  return failed(Errc::not_found, name_not_resolved_within(request_.timeout));
}

Error CurlExchange::not_connected(const std::string& detail) const {
  long number = no_socket_;
  if (number == 0) curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &number);
  return number == 0 ? failed(Errc::io, "cannot connect: " + detail)
                     : no_connection(request_, static_cast<int>(number), no_socket_ != 0);
}

Error CurlExchange::explain(CURLcode code) const {
  const std::string detail = detail_.front() ? detail_.data() : curl_easy_strerror(code);
  if (body_too_large_ || code == CURLE_FILESIZE_EXCEEDED)
    return failed(Errc::too_large, answer_too_large(request_.max_bytes));
  if (all_too_large_) return failed(Errc::too_large, answers_too_large());
  if (headers_too_large_) return failed(Errc::too_large, headers_too_large(kMaxHeaderBytes));
  switch (static_cast<int>(code)) { // the rest is worded well enough by libcurl
  case CURLE_OPERATION_TIMEDOUT: return timed_out();
  case CURLE_COULDNT_RESOLVE_HOST: return failed(Errc::not_found, "no such host");
  case CURLE_COULDNT_CONNECT: return not_connected(detail);
  case CURLE_GOT_NOTHING: return failed(Errc::io, closed_without_answer());
  case CURLE_PARTIAL_FILE:
  case CURLE_RECV_ERROR: return failed(Errc::io, broke_off(detail));
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_WEIRD_SERVER_REPLY: return failed(Errc::io, not_http(detail));
  case CURLE_BAD_CONTENT_ENCODING: return failed(Errc::io, "the answer is compressed in a way that cannot be undone");
  case CURLE_PEER_FAILED_VERIFICATION: return failed(Errc::io, "the server's certificate is not accepted: " + detail);
  case CURLE_SSL_CONNECT_ERROR: return failed(Errc::io, "no TLS (does this port speak https?): " + detail);
  case CURLE_SSL_CACERT_BADFILE:
    return failed(Errc::invalid, fmt::format("cannot read the trusted roots in {}", request_.ca_file));
  case CURLE_SSL_CERTPROBLEM:
    return failed(Errc::invalid,
                  fmt::format("cannot use the client certificate {}: {}", request_.client_cert_file, detail));
  default: return failed(Errc::io, detail);
  }
}

} // namespace backstop
