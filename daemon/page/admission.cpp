#include "daemon/page/admission.hpp"
#include "daemon/record.hpp"
#include <algorithm>
#include <cctype>
#include <map>

namespace backstop::page {
namespace {

constexpr const char* kReader = "page";

std::string header(const web::Request& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// "[::1]:9478" → "[::1]".
std::string without_port(const std::string& host) {
  const std::size_t colon = host.rfind(':');
  const bool within_brackets = host.rfind(']') != std::string::npos && colon < host.rfind(']');
  return colon == std::string::npos || within_brackets ? host : host.substr(0, colon);
}

bool is_address_of_loopback(const std::string& name) {
  return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string::npos;
}

bool is_ours(const std::string& host, bool unix_socket, const std::vector<std::string>& hosts) {
  const std::string name = without_port(host);
  if (name == "localhost" || name == "[::1]" || is_address_of_loopback(name)) return true;
  // curl --unix-socket … http://backstop/. With a port it may be a browser's, behind a tunnel: a name of one label can be
  // pointed here as well, by whoever answers for the search domain.
  if (unix_socket && host.find_first_of(".:") == std::string::npos) return true;
  return std::any_of(hosts.begin(), hosts.end(),
                     [&](const std::string& known) { return lowered(known) == host || lowered(known) == name; });
}

ApiReply stranger(const std::string& what, const std::string& why, const std::string& how) {
  return api_error(403, "unauthorized", what, why, how);
}

ApiReply unknown(const std::string& what, const std::string& why) {
  return api_error(401, "unauthorized", what, why,
                   "send `Authorization: Bearer TOKEN` with one of page.tokens (in the page: Sign in)");
}

/// The same work whatever differs where.
bool same(const std::string& a, const std::string& b) {
  unsigned char differs = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    differs =
        static_cast<unsigned char>(differs | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  return differs == 0;
}

Caller caller_with(const config::PageToken& token) {
  Caller caller{"token:" + token.name, true, token.may_act, token.roles, ""};
  caller.to_act = "ask for a token with `rights: act` in page.tokens";
  return caller;
}

} // namespace

std::optional<ApiReply> foreign(const web::Request& request, bool of_file, const std::vector<std::string>& hosts) {
  const bool unix_socket = request.peer.has_value();
  const std::string host = lowered(header(request, "host"));
  if (!(unix_socket && host.empty()) && !is_ours(host, unix_socket, hosts))
    return stranger("a request to host '" + host + "'", "this daemon is not known by that name",
                    "open it as http://127.0.0.1:PORT, or add the name to page.hosts");
  const std::string origin = lowered(header(request, "origin"));
  if (!origin.empty() && origin != "http://" + host && origin != "https://" + host)
    return stranger("a request of the site '" + origin + "'", "another site may not use this daemon",
                    "open the daemon's own page");
  const std::string site = header(request, "sec-fetch-site");
  if (!of_file && !site.empty() && site != "same-origin" && site != "none")
    return stranger("a request of another site", "another site may not use this daemon", "open the daemon's own page");
  return {};
}

Admission admit(const web::Request& request, const config::Page& page, const ReadSecret& read_secret) {
  constexpr std::string_view scheme = "Bearer ";
  const std::string given = header(request, "authorization");
  if (given.empty()) {
    Caller reader{kReader, !page.read_by_token, false, {}, "sign in with a token of page.tokens"};
    if (page.read_by_token) return {reader, unknown("this page", "is shown to those with a token")};
    if (request.method != "GET") return {reader, unknown("who acts", "must have a token")};
    return {reader, {}};
  }
  if (!given.starts_with(scheme)) return {{}, unknown("the header Authorization", "has no bearer token")};
  const std::string digest = sha256_hex(given.substr(scheme.size()));
  const config::PageToken* found = nullptr;
  for (const config::PageToken& token : page.tokens) {
    const Result<std::string> secret = read_secret(token.token);
    if (!secret || secret->size() < kShortestToken) continue;
    if (same(sha256_hex(*secret), digest) && !found) found = &token;
  }
  if (!found) return {{}, unknown("the token", "is not known")};
  return {caller_with(*found), {}};
}

std::vector<std::string> token_faults(const config::Page& page, const ReadSecret& read_secret) {
  std::vector<std::string> faults;
  std::map<std::string, std::string> seen; // digest → name
  for (const config::PageToken& token : page.tokens) {
    const Result<std::string> secret = read_secret(token.token);
    if (!secret) {
      faults.push_back(token.name + ": " + secret.error().what);
    } else if (secret->size() < kShortestToken) {
      faults.push_back(token.name + ": it has " + std::to_string(secret->size()) + " characters; at least " +
                       std::to_string(kShortestToken) + " are wanted (openssl rand -hex 32)");
    } else if (const auto [first, fresh] = seen.emplace(sha256_hex(*secret), token.name); !fresh) {
      faults.push_back(token.name + ": it is the token of " + first->second + " too");
    }
  }
  return faults;
}

} // namespace backstop::page
