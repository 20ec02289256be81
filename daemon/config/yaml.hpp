#pragma once
#include "daemon/config/faults.hpp"
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

struct Entry;

/// One value of a YAML file. A plain tree of our own: aliases are resolved, every value and key knows its place, and a
/// key written twice is still there twice, for the reader to refuse.
struct Node {
  enum class Kind { null, scalar, sequence, mapping };
  Kind kind = Kind::null;
  std::string text; ///< scalar
  Place place;
  std::vector<Node> items;    ///< sequence
  std::vector<Entry> entries; ///< mapping, in the order of the file
  std::size_t weight = 1;     ///< nodes below and text, what the bound counts
};

/// A key of a mapping and its value.
struct Entry {
  Node key;
  Node value;
};

inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;
inline constexpr int kMaxDepth = 24;
inline constexpr std::size_t kMaxWeight =
    100'000; ///< nodes, a text of n bytes counting 1 + n/32, aliases as if written out

/// Reads one YAML document. Nothing, and at least one fault added, where the text is no UTF-8, too large, too deep, no
/// YAML or not exactly one document. Never throws. The only use of yaml-cpp.
std::optional<Node> parse_yaml(std::string_view text, const std::string& file, std::vector<Fault>& faults);

/// Where every value below `root` stands.
Places places_in(const Node& root);

} // namespace backstop::config
