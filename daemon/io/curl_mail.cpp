#include "daemon/io/curl_mail.hpp"
#include <algorithm>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>

namespace backstop {
namespace {

constexpr std::size_t kMostReply = 512; ///< RFC 5321: a line of a reply

/// An address as it goes into a command of SMTP: nothing in it may end the command.
bool is_address(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '<' && c != '>'; });
}

} // namespace

CurlMail::CurlMail(Mail mail, Barrier& barrier) : mail_(std::move(mail)), barrier_(barrier), easy_(curl_easy_init()) {
  if (!easy_) throw std::runtime_error("libcurl gives no handle");
}

template <class T> void CurlMail::set(CURLoption option, T value) {
  const CURLcode code = (curl_easy_setopt)(easy_.get(), option, value);
  if (setup_ == CURLE_OK) setup_ = code;
}

Status CurlMail::prepare() {
  if (!is_address(mail_.from) || mail_.to.empty() || !std::all_of(mail_.to.begin(), mail_.to.end(), is_address))
    return failed(Errc::invalid, "a mail address is wanted from and to");
  for (const std::string& to : mail_.to) {
    curl_slist* longer = curl_slist_append(to_.get(), ("<" + to + ">").c_str());
    if (!longer) throw std::bad_alloc();
    (void)to_.release(); // now part of `longer`
    to_.reset(longer);
  }
  set(CURLOPT_URL, ((mail_.tls == Mail::Tls::tls ? "smtps://" : "smtp://") + mail_.server).c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L); // as in curl_exchange.cpp
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(mail_.timeout).count();
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::clamp<long long>(ms, 1, 86'400'000)));
  set(CURLOPT_USE_SSL, static_cast<long>(mail_.tls == Mail::Tls::none ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!mail_.ca_file.empty()) {
    set(CURLOPT_CAINFO, mail_.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr)); // else the system's roots stay trusted beside it
  }
  if (!mail_.user.empty()) {
    set(CURLOPT_USERNAME, mail_.user.c_str());
    set(CURLOPT_PASSWORD, mail_.password.c_str());
  }
  set(CURLOPT_MAIL_FROM, ("<" + mail_.from + ">").c_str());
  set(CURLOPT_MAIL_RCPT, to_.get());
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_FRESH_CONNECT, 1L);
  set(CURLOPT_FORBID_REUSE, 1L);
  set_callbacks();
  if (setup_ != CURLE_OK) return failed(Errc::invalid, curl_easy_strerror(setup_));
  return {};
}

void CurlMail::set_callbacks() {
  set(CURLOPT_READFUNCTION, &CurlMail::on_read);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_HEADERFUNCTION, &CurlMail::on_reply);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &CurlMail::on_open);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_ERRORBUFFER, detail_.data());
  set(CURLOPT_VERBOSE, 1L); // else there is no on_debug
  set(CURLOPT_DEBUGFUNCTION, &CurlMail::on_debug);
  set(CURLOPT_DEBUGDATA, this);
}

std::size_t CurlMail::on_read(char* room, std::size_t, std::size_t size, void* argument) noexcept {
  auto& self = *static_cast<CurlMail*>(argument);
  const std::size_t piece = std::min(size, self.mail_.message.size() - self.given_);
  std::memcpy(room, self.mail_.message.data() + self.given_, piece);
  self.given_ += piece;
  return piece;
}

std::size_t CurlMail::on_reply(char* data, std::size_t, std::size_t size, void* argument) noexcept {
  auto& self = *static_cast<CurlMail*>(argument);
  return self.barrier_.run(std::size_t{0}, [&] {
    if (!self.quitting_) self.reply_.assign(data, std::min(size, kMostReply));
    return size;
  });
}

curl_socket_t CurlMail::on_open(void* argument, curlsocktype, curl_sockaddr* address) noexcept {
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  static_cast<CurlMail*>(argument)->fd_ = fd;
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/// libcurl says QUIT and waits for the answer where it stands, up to two minutes: meanwhile the loop would not turn. What
/// the server says to it is of no interest, so nothing more is read once it was said.
int CurlMail::on_debug(CURL*, curl_infotype type, char* data, std::size_t size, void* argument) noexcept {
  auto& self = *static_cast<CurlMail*>(argument);
  if (type != CURLINFO_HEADER_OUT || !std::string_view(data, size).starts_with("QUIT")) return 0;
  self.quitting_ = true;
  if (self.fd_ >= 0) shutdown(self.fd_, SHUT_RD);
  return 0;
}

Result<MailAnswer> CurlMail::outcome(CURLcode code) const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  std::string reply = reply_;
  while (!reply.empty() && (reply.back() == '\r' || reply.back() == '\n')) reply.pop_back();
  if (code == CURLE_OK) return MailAnswer{250, reply};
  const bool spoken = code == CURLE_SEND_ERROR || code == CURLE_LOGIN_DENIED || code == CURLE_WEIRD_SERVER_REPLY ||
                      code == CURLE_REMOTE_ACCESS_DENIED || code == CURLE_RECV_ERROR;
  if (spoken && status >= 400 && status < 600) return MailAnswer{static_cast<int>(status), reply};
  return explain(code);
}

Error CurlMail::failed(Errc code, const std::string& why) const {
  return fail(code, fmt::format("mail server {}: {}", mail_.server, why));
}

Error CurlMail::explain(CURLcode code) const {
  const std::string detail = detail_.front() ? detail_.data() : curl_easy_strerror(code);
  switch (static_cast<int>(code)) { // the rest is worded well enough by libcurl
  case CURLE_OPERATION_TIMEDOUT: {
    curl_off_t connected_us = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connected_us);
    return failed(Errc::timeout,
                  fmt::format("{} within {} s", connected_us > 0 ? "it did not take the mail" : "no connection",
                              std::chrono::ceil<std::chrono::seconds>(mail_.timeout).count()));
  }
  case CURLE_COULDNT_RESOLVE_HOST: return failed(Errc::not_found, "no such host");
  case CURLE_COULDNT_CONNECT: return failed(Errc::io, "cannot connect: " + detail);
  case CURLE_USE_SSL_FAILED: return failed(Errc::io, "it does not offer STARTTLS; nothing was sent");
  case CURLE_PEER_FAILED_VERIFICATION: return failed(Errc::io, "its certificate is not accepted: " + detail);
  case CURLE_SSL_CONNECT_ERROR: return failed(Errc::io, "no TLS (does this port speak it from the start?): " + detail);
  case CURLE_SSL_CACERT_BADFILE: return failed(Errc::invalid, "cannot read the trusted roots in " + mail_.ca_file);
  case CURLE_LOGIN_DENIED: return failed(Errc::refused, "it offers no way to log in that is known here");
  default: return failed(Errc::io, detail);
  }
}

} // namespace backstop
