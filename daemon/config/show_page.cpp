#include "daemon/config/show.hpp"
#include "daemon/config/show_parts.hpp"
#include <fmt/format.h>

namespace backstop::config {

void show_page(const Page& page, Lines& out) {
  if (page.listen.empty()) return out.entry(0, "page", {"none over TCP"});
  std::vector<std::string> words{page.listen, page.read_by_token ? "read with a token" : "read by whoever reaches it"};
  if (!page.hosts.empty()) words.push_back(fmt::format("known as {}", fmt::join(page.hosts, " ")));
  out.entry(0, "page", words);
  for (const PageToken& token : page.tokens) {
    std::vector<std::string> of{token.name, token.may_act ? "may act" : "may see"};
    if (!token.roles.empty()) of.push_back(fmt::format("signs as {}", fmt::join(token.roles, " ")));
    of.push_back("token from " + show_secret(token.token));
    out.entry(0, "token", of);
  }
}

} // namespace backstop::config
