#pragma once
#include "collectors/name_chars.hpp"
#include "collectors/number.hpp"
#include "daemon/config/found_targets.hpp"
#include <algorithm>
#include <set>
#include <string>
#include <string_view>

/// What holds for any bytes as a file of targets: shared by the fuzzer and the replay of its corpus.
namespace backstop::fuzz {

/// The rule that is broken, empty when all hold.
inline std::string check_target_groups(std::string_view data) {
  const std::string text(data); // a copy of its exact size, so that reading past its end is seen
  const auto found = config::parse_target_groups(text, "/f");
  if (!found) {
    const std::string& what = found.error().what;
    if (what.rfind("/f", 0) != 0) return "a fault says in which file it is";
    const bool shown =
        std::all_of(what.begin(), what.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
    return shown && is_utf8(what) && what.size() < 1000 ? "" : "a fault can be shown";
  }
  if (found->size() > config::kMostTargets) return "no more targets than allowed";
  config::Discovery discovery;
  discovery.path = "/metrics";
  std::set<std::string> addresses;
  for (const config::FoundAddress& one : *found) {
    if (!addresses.insert(one.address).second) return "each target once";
    if (one.address.find('@') != std::string::npos) return "no user in a target";
    const config::TargetConfig by_url = config::target_at(one, discovery, false);
    if (by_url.url.rfind("http://", 0) != 0 && by_url.url.rfind("https://", 0) != 0) return "its URL is one of HTTP";
    if (config::target_at(one, discovery, true).address.empty()) return "a target that is connected to has an address";
    for (const auto& [name, value] : by_url.labels)
      if (name.empty() || name.rfind("__", 0) == 0 || !is_label_start(name[0])) return "labels are names of labels";
  }
  return "";
}

} // namespace backstop::fuzz
