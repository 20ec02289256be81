#pragma once
#include "collectors/exposition.hpp"
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace backstop {

/// What is known of one series of one target.
struct SeriesEntry {
  std::uint32_t id = 0;   ///< given once, never to another series; meaningful where `selectors` is not empty
  std::uint32_t name = 0; ///< index of the wanted name
  std::vector<std::uint32_t> selectors; ///< that want it; none: it is known only so that it need not be matched again
  double le = 0;
  bool has_le = false;
  double last = 0;        ///< newest value
  std::uint64_t seen = 0; ///< number of the scrape it was seen in last
};

/// The series of one target by what they are called. Two names lead to one series: its text as written, which makes a
/// scrape whose lines are those of the scrape before cost one comparison a line, and its labels in order, so that a
/// target that shuffles its labels or its white space keeps its series.
class SeriesIndex {
public:
  struct Limits {
    std::size_t series = 50'000;               ///< wanted ones
    std::size_t bytes = std::size_t{64} << 20; ///< of all names kept
    std::uint64_t forget_after = 3600;         ///< scrapes without the series; it would then count as new again
  };
  explicit SeriesIndex(Limits limits) : limits_(limits) {}

  void begin_scrape();
  void end_scrape();

  /// The series that followed in the last scrape, if `line` starts with it; `size` is then the length of its text.
  SeriesEntry* predict(std::string_view line, std::size_t& size);
  SeriesEntry* find_text(std::string_view series);
  /// By name and labels; the order of labels and labels with empty values do not matter.
  SeriesEntry* find(std::string_view name, std::span<const LabelView> labels);
  /// Adds the series that find() just did not find. Null: no room is left.
  SeriesEntry* add(SeriesEntry entry);
  /// From now on `series` is a text of `entry`, as long as there is room.
  void remember_text(std::string_view series, SeriesEntry& entry);
  /// Forgets all series of a name: when they come back they are new.
  void forget_name(std::uint32_t name);

  [[nodiscard]] std::uint64_t scrape() const { return scrape_; }
  [[nodiscard]] std::size_t wanted() const { return wanted_; }

private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Text {
    SeriesEntry* entry = nullptr;
    std::uint64_t seen = 0;
    std::size_t position = 0; ///< in the order of scrape `seen`
  };
  using Texts = std::unordered_map<std::string, Text, Hash, std::equal_to<>>;
  using Entries = std::unordered_map<std::string, SeriesEntry, Hash, std::equal_to<>>;

  template <class Old> void forget_if(Old old);
  void note_order(Texts::value_type& text);
  [[nodiscard]] bool has_room(bool wanted, std::size_t bytes) const;

  Limits limits_;
  Entries entries_;
  Texts texts_;
  std::vector<Texts::value_type*> order_;     ///< texts of the last scrape as they came
  std::vector<Texts::value_type*> new_order_; ///< of this one
  std::size_t cursor_ = 0;                    ///< into order_: what should come next
  std::uint64_t scrape_ = 0;
  std::uint64_t cleared_in_ = 0; ///< scrape in which room was last made
  std::size_t wanted_ = 0;
  std::size_t bytes_ = 0;
  std::uint32_t next_id_ = 0;
  std::string key_; ///< of the last find()
  std::vector<LabelView> sorted_;
};

} // namespace backstop
