#include "daemon/config/found_targets.hpp"
#include "collectors/name_chars.hpp"
#include "daemon/config/text_check.hpp"
#include "daemon/config/yaml.hpp"
#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <optional>
#include <set>

namespace backstop::config {
namespace {

constexpr std::size_t kMostAddress = 255; ///< bytes; a name of a host has at most 253
constexpr std::size_t kMostLabels = 64;
constexpr std::string_view kParam = "__param_";

bool is_url(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

/// A target of a file may be a whole URL: what probes ask is more than a host. No user in it, and no blanks.
bool is_plain_url(std::string_view text) {
  if (!is_url(text)) return false;
  const std::size_t host = text.find("://") + 3;
  const std::string_view authority = text.substr(host, text.find_first_of("/?#", host) - host);
  return !authority.empty() && authority.find('@') == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_label_name(std::string_view name) {
  return !name.empty() && is_label_start(name.front()) && std::all_of(name.begin(), name.end(), is_label_char);
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~')
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

class Groups {
public:
  explicit Groups(const std::string& file) : file_(file) {}

  Result<std::vector<FoundAddress>> read(const Node& root) {
    if (root.kind != Node::Kind::sequence) return fail_at(root.place, "a list of groups is wanted", kExample);
    for (const Node& group : root.items)
      if (Status taken = take(group); !taken) return taken.error();
    return std::move(found_);
  }

private:
  static constexpr std::string_view kExample = R"(write - targets: ["HOST:PORT"])";

  [[nodiscard]] Error fail_at(Place place, std::string_view what, std::string_view how) const {
    return fail(Errc::invalid, text_of({file_, place.line, place.column, std::string(what), std::string(how)}));
  }

  Status take(const Node& group) {
    if (group.kind != Node::Kind::mapping) return fail_at(group.place, "a group is a mapping", kExample);
    const Node* targets = nullptr;
    std::map<std::string, std::string> labels;
    for (const Entry& entry : group.entries) {
      if (entry.key.text == "targets") {
        targets = &entry.value;
      } else if (entry.key.text == "labels") {
        if (Status read = read_labels(entry.value, labels); !read) return read;
      } else {
        return fail_at(entry.key.place, fmt::format("there is no key \"{}\"", shortened(entry.key.text)),
                       "a group has targets and labels");
      }
    }
    if (!targets) return fail_at(group.place, "a group without targets", kExample);
    if (targets->kind == Node::Kind::null) return {};
    if (targets->kind != Node::Kind::sequence) return fail_at(targets->place, "targets: a list is wanted", kExample);
    for (const Node& target : targets->items)
      if (Status added = add(target, labels); !added) return added;
    return {};
  }

  Status add(const Node& target, const std::map<std::string, std::string>& labels) {
    if (target.kind != Node::Kind::scalar) return fail_at(target.place, "a target is a text", kExample);
    if (target.text.find('@') != std::string::npos) // never shown: it may be a secret
      return fail_at(target.place, "a user or password may not stand in a target",
                     "write basic: in the service's file");
    if (!is_address(target.text) && !is_plain_url(target.text))
      return fail_at(target.place, fmt::format("\"{}\" is no target", shortened(target.text)),
                     "write HOST:PORT, or [ADDRESS]:PORT for IPv6");
    if (!seen_.insert(target.text).second) return {};
    if (found_.size() == kMostTargets)
      return fail(Errc::too_large, fmt::format("{}: more than {} targets (make several sources of it, or ask an engine "
                                               "of PromQL)",
                                               file_, kMostTargets));
    found_.push_back({target.text, labels});
    return {};
  }

  Status read_labels(const Node& node, std::map<std::string, std::string>& out) const {
    if (node.kind == Node::Kind::null) return {};
    if (node.kind != Node::Kind::mapping)
      return fail_at(node.place, "labels: a mapping is wanted", "write labels: {NAME: VALUE}");
    if (node.entries.size() > kMostLabels)
      return fail_at(node.place, fmt::format("more than {} labels", kMostLabels), "leave out what is not needed");
    for (const Entry& entry : node.entries) {
      if (!is_label_name(entry.key.text))
        return fail_at(entry.key.place, fmt::format("\"{}\" is no name of a label", shortened(entry.key.text)),
                       "letters, digits and _, no digit first");
      if (entry.value.kind != Node::Kind::scalar)
        return fail_at(entry.value.place, fmt::format("label {}: a text is wanted", entry.key.text),
                       "put it in quotes");
      out[entry.key.text] = entry.value.text;
    }
    return {};
  }

  const std::string& file_;
  std::vector<FoundAddress> found_;
  std::set<std::string> seen_;
};

} // namespace

bool is_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.size() > kMostAddress) return false;
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  const std::string_view inner = bracketed ? host.substr(1, host.size() - 2) : host;
  const auto fits = [&](unsigned char c) {
    return bracketed ? std::isxdigit(c) != 0 || c == ':' || c == '.'
                     : std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  };
  const std::string_view port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const int number = std::stoi(std::string(port));
  return std::all_of(inner.begin(), inner.end(), fits) && number >= 1 && number <= 65535;
}

std::string address_in(std::string_view url) {
  const std::size_t host = url.find("://") + 3;
  const std::string authority(url.substr(host, url.find_first_of("/?#", host) - host));
  if (is_address(authority)) return authority;
  return authority + (url.starts_with("https") ? ":443" : ":80");
}

Result<std::vector<FoundAddress>> parse_target_groups(std::string_view text, const std::string& file) {
  std::vector<Fault> faults;
  const std::optional<Node> root = parse_yaml(text, file, faults);
  if (!root) return fail(Errc::invalid, faults.empty() ? file + ": it cannot be read" : text_of(faults.front()));
  return Groups(file).read(*root);
}

TargetConfig target_at(const FoundAddress& found, const Discovery& discovery, bool tcp) {
  TargetConfig target;
  std::string scheme = discovery.scheme, path = discovery.path, query;
  std::map<std::string, std::string> labels = discovery.labels;
  for (const auto& [name, value] : found.labels) {
    if (name == "__scheme__")
      scheme = value == "https" ? "https" : "http";
    else if (name == "__metrics_path__")
      path = value.starts_with('/') ? value : "/" + value;
    else if (name.starts_with(kParam))
      query += (query.empty() ? "?" : "&") + encoded(name.substr(kParam.size())) + "=" + encoded(value);
    else if (!name.starts_with("__"))
      labels[name] = value;
  }
  target.labels = std::move(labels);
  if (tcp)
    target.address = is_url(found.address) ? address_in(found.address) : found.address;
  else if (is_url(found.address))
    target.url = found.address;
  else
    target.url = scheme + "://" + found.address + path + query;
  return target;
}

} // namespace backstop::config
