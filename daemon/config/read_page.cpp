#include "daemon/config/read_parts.hpp"

/// `page` of backstop.yaml.
namespace backstop::config {

void read_page(const Mapping& root, Page& out) {
  const Node* node = root.find("page");
  if (node == nullptr) return;
  const Mapping page(root.sheet(), *node, "page", "page");
  if (!page.ok()) return;
  page.text("listen", out.listen);
  if (out.listen == "none") out.listen.clear();
  page.word<bool>("read", out.read_by_token, {{"open", false}, {"token", true}});
  page.texts("hosts", out.hosts);
  const Node* tokens = page.find("tokens");
  if (tokens == nullptr) return;
  for (const auto* entry : named_entries(root.sheet(), *tokens, "page.tokens")) {
    const Mapping mapping(root.sheet(), entry->value, "page-token", "page.tokens." + entry->key.text);
    if (!mapping.ok()) continue;
    PageToken& token = out.tokens.emplace_back();
    token.name = entry->key.text;
    read_secret(mapping, "token", token.token, Inline::nothing);
    mapping.word<bool>("rights", token.may_act, {{"act", true}, {"see", false}});
    mapping.texts("roles", token.roles);
  }
}

} // namespace backstop::config
