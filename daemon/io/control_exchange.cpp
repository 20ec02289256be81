#include "daemon/io/control_exchange.hpp"
#include "daemon/io/os_error.hpp"
#include <cerrno>
#include <fmt/format.h>

namespace backstop {

HttpRequest control_request(const std::string& socket, const std::string& method, const std::string& path) {
  HttpRequest r;
  r.method = method;
  r.url = "http://backstop" + path;
  r.unix_socket = socket;
  r.max_bytes = kMaxControlAnswer;
  return r;
}

Error no_control_answer(const std::string& socket, CURL* easy, CURLcode code, const Error& error) {
  if (error.code == Errc::too_large || code == CURLE_OPERATION_TIMEDOUT) return error;
  if (code != CURLE_COULDNT_CONNECT)
    return fail(Errc::io,
                fmt::format("the daemon broke off at {}: {} (why: journalctl -u backstopd)", socket, error.what));
  long number = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  const char* hint = number == EACCES ? "you have to be in the group that owns it, see ls -l"
                                      : "is backstopd running? systemctl status backstopd";
  return fail(Errc::io, fmt::format("the daemon does not answer at {}: {} ({})", socket,
                                    number != 0 ? errno_text(static_cast<int>(number)) : "cannot connect", hint));
}

} // namespace backstop
