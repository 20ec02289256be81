#pragma once
#include "daemon/config/faults.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/quantities.hpp"
#include "daemon/config/yaml.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

/// Of one file; more help nobody.
inline constexpr std::size_t kMaxFaults = 200;

/// The file being read and what was found wrong in it so far.
struct Sheet {
  std::string file;
  std::vector<Fault> faults;
  std::vector<Fault> warnings;
  Places places;

  void fault(Place place, std::string_view what, std::string_view how = {});
  void warn(Place place, std::string_view what, std::string_view how = {});
};

struct Range {
  double least;
  double most;
};

/// Which characters a name may have.
enum class NameKind {
  plain, ///< [A-Za-z0-9_][A-Za-z0-9._-]{0,63}: services, channels, sources, indicators, steps
  any,   ///< anything printable, up to 200 bytes
};

/// One word of a closed set and the value it stands for.
template <class T> struct Word {
  std::string_view text;
  T value;
};

/// One mapping of the file, read key by key. On construction it refuses keys that its section does not have, keys
/// written twice and required keys that are missing. Every getter leaves `out` as it is where the key is absent or its
/// value faulty; the fault is noted in the sheet with the place of the value.
class Mapping {
public:
  Mapping(Sheet& sheet, const Node& node, std::string_view section, std::string path);

  /// False where the value is no mapping at all (the fault is noted).
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] Sheet& sheet() const { return sheet_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Place place() const { return node_.place; }
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  /// The value of a key of the section, null where it is not written.
  [[nodiscard]] const Node* find(std::string_view key) const;
  void fault(std::string_view key, std::string_view what, std::string_view how = {}) const;

  void text(std::string_view key, std::string& out) const;
  void name(std::string_view key, std::string& out, NameKind kind = NameKind::plain) const;
  /// An absolute path.
  void file(std::string_view key, std::string& out) const;
  void duration(std::string_view key, Duration& out, Duration least = std::chrono::milliseconds(1)) const;
  void duration(std::string_view key, std::optional<Duration>& out,
                Duration least = std::chrono::milliseconds(1)) const;
  void size(std::string_view key, std::uint64_t& out, std::uint64_t least) const;
  void number(std::string_view key, double& out, Range range) const;
  template <class T> void integer(std::string_view key, T& out, Range range) const;
  void texts(std::string_view key, std::vector<std::string>& out) const;
  /// Names of things: none of them is empty.
  void names(std::string_view key, std::vector<std::string>& out) const;
  void text_map(std::string_view key, std::map<std::string, std::string>& out) const;

  /// One word of a closed set.
  template <class T> void word(std::string_view key, T& out, const std::vector<Word<T>>& words) const {
    const auto at = word_index(key, [&] {
      std::vector<std::string_view> known;
      for (const auto& w : words) known.push_back(w.text);
      return known;
    }());
    if (at) out = words[*at].value;
  }

private:
  [[nodiscard]] std::optional<std::string> scalar(std::string_view key) const;
  [[nodiscard]] std::optional<std::size_t> word_index(std::string_view key,
                                                      const std::vector<std::string_view>& known) const;
  void check_keys(const Section& section);

  Sheet& sheet_;
  const Node& node_;
  std::string path_;
  bool ok_ = false;
};

template <class T> void Mapping::integer(std::string_view key, T& out, Range range) const {
  double value = 0;
  const std::size_t before = sheet_.faults.size();
  if (!has(key)) return;
  number(key, value, range);
  if (sheet_.faults.size() > before) return;
  if (value != static_cast<double>(static_cast<T>(value)))
    return fault(key, "a whole number is wanted", "leave the fraction out");
  out = static_cast<T>(value);
}

/// "a list", "a mapping", "a value", "nothing": for messages.
std::string_view kind_of(const Node& node);
/// The text of a plain value, or a fault "`label`: a value is wanted, here is a list".
std::optional<std::string> scalar_of(Sheet& sheet, const Node& node, const std::string& label);
/// Whether `name` may be a name; the fault is noted where not.
bool check_name(Sheet& sheet, Place place, std::string_view name, NameKind kind, const std::string& label);
/// The entries of a mapping with free keys (names), each name checked and refused when written twice.
std::vector<const Entry*> named_entries(Sheet& sheet, const Node& node, const std::string& label);
/// The items of a list, or a fault.
const std::vector<Node>& items_of(Sheet& sheet, const Node& node, const std::string& label);

} // namespace backstop::config
