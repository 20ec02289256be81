#pragma once
#include "daemon/api.hpp"
#include "daemon/channel_notifier.hpp"
#include "daemon/config/config.hpp"
#include "daemon/web.hpp"
#include <optional>
#include <string>
#include <vector>

namespace backstop::page {

/// A token that is shorter could be guessed at the rate that the listener takes requests.
inline constexpr std::size_t kShortestToken = 20;

/// Why a request is not served although whoever is at the other end of the connection might: a page of another site may
/// have made a browser send it. Its Host is a name that anybody can point to this host (DNS rebinding), or its Origin or
/// Sec-Fetch-Site is another site's. Names of the loopback interface are good, those in `hosts` (with or without a port),
/// and on a Unix socket any name without a point and without a port: no browser sends one, as a tunnel's end has a port.
/// Files of the page (`of_file`) may be asked for from anywhere: there are links to it.
std::optional<ApiReply> foreign(const web::Request& request, bool of_file, const std::vector<std::string>& hosts);

/// Who asks over the listener of the page, or why nobody is admitted: 401. Without a token one may see, where
/// `page.read` says so, and not act. A token is compared with all that are configured, whichever fits, through digests of
/// one length, so that the time it takes tells nothing of them.
struct Admission {
  Caller caller;
  std::optional<ApiReply> refused;
};
Admission admit(const web::Request& request, const config::Page& page, const ReadSecret& read_secret);

/// Why tokens are not taken ("ana: ..."): they cannot be read, are too short, or are another one's.
std::vector<std::string> token_faults(const config::Page& page, const ReadSecret& read_secret);

} // namespace backstop::page
