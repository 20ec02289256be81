#pragma once
#include "collectors/exposition.hpp"
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace backstop {

/// What is known of one series of one target.
struct SeriesEntry {
  std::uint32_t id = 0;        ///< given once, never to another series; meaningful where `wanted`
  std::uint32_t name = 0;      ///< index of the wanted name
  bool wanted = false;         ///< no: it is known only so that it need not be matched again
  std::uint32_t selectors = 0; ///< which of SampleStore's combinations of selectors want it
  double le = 0;
  bool has_le = false;
  double last = 0;        ///< newest value
  std::uint64_t seen = 0; ///< number of the scrape it was seen in last
};

/// The series of one target by what they are called. Two names lead to one series: its text as written, and its labels in
/// order, so that a target that shuffles its labels or its white space keeps its series. Where the lines are those of the
/// scrape before, they are not looked up: the order in which series came is kept, each by what differs from the one in
/// front of it, so that little memory is gone through (decision 0044).
class SeriesIndex {
public:
  struct Limits {
    std::size_t series = 50'000;               ///< wanted ones
    std::size_t bytes = std::size_t{64} << 20; ///< of all names kept, below 4 GiB
    std::uint64_t forget_after = 3600;         ///< scrapes without the series; it would then count as new again
  };
  explicit SeriesIndex(Limits limits);

  void begin_scrape();
  void end_scrape();

  /// The series that is due next by the order of the last scrape, if the line at `at` begins with it; `size` is then the
  /// length of its text. Nothing but [at, end) is looked at, which may go on behind the line.
  SeriesEntry* predict(const char* at, const char* end, std::size_t& size) const;
  /// The line at `at` was that of the series just predicted. It must stay where it is until the end of the scrape.
  void accept(const char* at);
  /// By its text; `series` must stay where it is until the end of the scrape.
  SeriesEntry* find_text(std::string_view series);
  /// By name and labels; the order of labels and labels with empty values do not matter.
  SeriesEntry* find(std::string_view name, std::span<const LabelView> labels);
  /// Adds the series that find() just did not find. Null: no room is left.
  SeriesEntry* add(SeriesEntry entry);
  /// From now on `series` is a text of `entry`, as long as there is room. It must stay where it is, as above.
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
    std::uint64_t seen = 0;   ///< number of a scrape; of those in order_ it is brought up to date when it is needed
    std::size_t position = 0; ///< in the order it was last put in
  };
  using Texts = std::unordered_map<std::string, Text, Hash, std::equal_to<>>;
  using Entries = std::unordered_map<std::string, SeriesEntry*, Hash, std::equal_to<>>;

  struct Step {
    SeriesEntry* entry = nullptr;
    std::uint32_t size = 0;   ///< of the text
    std::uint32_t shared = 0; ///< bytes that it has in common with the text of the step before
    std::uint32_t rest = 0;   ///< where the others stand in Order::rests
  };
  struct Order { ///< the texts of a scrape as they came
    std::vector<Step> steps;
    std::string rests;
    std::vector<Texts::value_type*> texts; ///< of the steps: apart from them, because a scrape like the last needs none
    void clear();
    void append(Texts::value_type& text);
    void assign_front(const Order& other, std::size_t n);
    [[nodiscard]] bool has(const Texts::value_type& text) const;
  };

  template <class Old> void forget_if(Old old);
  void leave_order();
  void append(Texts::value_type& text);
  void note(Texts::value_type& text, std::string_view line);
  void mark_seen();
  [[nodiscard]] bool has_room(bool wanted, std::size_t bytes) const;

  Limits limits_;
  std::vector<std::unique_ptr<SeriesEntry[]>> blocks_; ///< of entries_: neighbours in a scrape are neighbours here
  std::vector<SeriesEntry*> free_;                     ///< the last one is used first
  Entries entries_;
  Texts texts_;
  Order order_;                ///< of the last scrape
  Order new_order_;            ///< of this one, once it left order_
  std::size_t cursor_ = 0;     ///< into order_: what should come next
  const char* line_ = nullptr; ///< the line of the step before cursor_, if it was the line before
  bool left_ = false;          ///< this scrape is not the beginning of order_
  std::uint64_t scrape_ = 0;
  std::uint64_t cleared_in_ = 0; ///< scrape in which room was last made
  std::size_t wanted_ = 0;
  std::size_t bytes_ = 0;
  std::uint32_t next_id_ = 0;
  std::string key_; ///< of the last find()
  std::vector<LabelView> sorted_;
};

} // namespace backstop
