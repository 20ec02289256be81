#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

struct Key {
  std::string_view name;
  bool required = false;
};

/// One kind of mapping in the files, with every key it may have. The one list of keys there is: the reader refuses any
/// other, and tests hold docs/configuration.md and packaging/schema/ against it.
struct Section {
  std::string_view name; ///< "bake", "source/prometheus" (the part behind the slash is its type or kind)
  std::vector<Key> keys;
};

const std::vector<Section>& sections();
/// The section of that name, which must exist.
const Section& section_named(std::string_view name);

/// Edit distance with transpositions (optimal string alignment), at most `bound` + 1.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t bound);
/// The one of `known` nearest to `word`, "" where none is near enough to have been meant.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

/// `did you mean "x"?`, else `known <things>: a, b, c`.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& known, std::string_view things);

} // namespace backstop::config
