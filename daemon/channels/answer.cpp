#include "daemon/channels/escape.hpp"
#include "daemon/channels/kinds.hpp"
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace backstop::channels {
namespace {

/// What a person has to mend will not be mended within seconds; what is mended shall not wait for long.
constexpr Duration kRefusedAgain = std::chrono::minutes(10);

/// Retry-After in seconds; its date form is rare and not worth a clock here: our own backoff serves.
Duration retry_after(const std::string& header) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  const bool whole = error == std::errc{} && end == header.data() + header.size();
  return whole && seconds > 0 ? std::chrono::seconds(std::min(seconds, 3600)) : Duration{};
}

void hide(std::string& text, const std::string& secret) {
  if (secret.size() < 4) return; // it would be in every word
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
    text.replace(at, secret.size(), "***");
}

/// The first of what the other side said, for a person. Servers like to repeat what they were sent.
std::string said(const Sending& s, const std::string& body) {
  std::string text = body.substr(0, 4096);
  const std::string& url = s.secrets.url;
  hide(text, url);
  if (const auto scheme = url.find("://"); scheme != std::string::npos)
    if (const auto path = url.find('/', scheme + 3); path != std::string::npos && path + 1 < url.size()) {
      hide(text, url.substr(path));
      hide(text, url.substr(url.find_last_of("/?=&") + 1)); // the token alone
    }
  hide(text, s.secrets.key);
  hide(text, s.secrets.basic);
  return plain_line(text, 200);
}

/// What is wrong and who can mend it, of a status that says that trying again is of no use.
std::string_view meaning_of(int status) {
  switch (status) {
  case 400:
  case 422: return "it does not take this payload, or the key in it";
  case 401:
  case 403: return "it does not accept the credential";
  case 404:
  case 410: return "there is no such place any more: is the URL right?";
  case 413: return "the payload is too large for it";
  default: return "it does not take this";
  }
}

Delivery refused(const std::string& why) { return {fail(Errc::refused, why), kRefusedAgain, ""}; }

} // namespace

Delivery judge(const Sending& s, const HttpResponse& answer) {
  const std::string text = said(s, answer.body);
  const std::string told = fmt::format("answered {}{}{}", answer.status, text.empty() ? "" : ": ", text);
  if (answer.status >= 200 && answer.status < 300) return {{}, {}, told};
  if (answer.status >= 300 && answer.status < 400)
    return refused(fmt::format("answered {} and points to {}, which is not followed: write the URL that is meant",
                               answer.status, answer.redirects_to.empty() ? "another place" : answer.redirects_to));
  const bool later = answer.status == 408 || answer.status == 425 || answer.status == 429 || answer.status >= 500;
  if (later || answer.status < 400) return {fail(Errc::io, told), retry_after(answer.retry_after), ""};
  return refused(fmt::format("{} ({})", told, meaning_of(answer.status)));
}

} // namespace backstop::channels
