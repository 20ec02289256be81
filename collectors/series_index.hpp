#pragma once
#include "collectors/exposition.hpp"
#include "collectors/position_table.hpp"
#include "rules/shared_text.hpp"
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// What is known of one series of one target.
struct SeriesEntry {
  SharedText text;             ///< write_series_text(): what it is known by
  std::uint32_t id = 0;        ///< given once, never to another series; meaningful where `wanted`
  std::uint32_t name = 0;      ///< index of the wanted name
  std::uint32_t selectors = 0; ///< which of SampleStore's combinations of selectors want it
  std::uint32_t place = 0;     ///< in the order of series that it was last put in
  double le = 0;
  double last = 0;        ///< newest value
  std::uint64_t seen = 0; ///< number of the scrape it was seen in last
  bool wanted = false;    ///< no: it is known only so that it need not be matched again
  bool has_le = false;
};

/// The series of one target by their labels in order, so that a target that shuffles its labels or its white space keeps its
/// series. Where the lines are those of the scrape before, they are neither read nor looked up: the order in which series
/// came is kept as it was written, each by what differs from the one in front of it, so that little memory is held and gone
/// through (decision 0044).
class SeriesIndex {
public:
  struct Limits {
    std::size_t series = 50'000;               ///< wanted ones
    std::size_t bytes = std::size_t{64} << 20; ///< of all names, and of the order; below 4 GiB
    std::uint64_t forget_after = 3600;         ///< scrapes without the series; it would then count as new again
  };
  explicit SeriesIndex(Limits limits);

  void begin_scrape();
  void end_scrape();

  // Entries stay where they are until the next add() or end_scrape().

  /// The series that is due next by the order of the last scrape, if the line at `at` begins with it; `size` is then the
  /// length of its text. Nothing but [at, end) is looked at, which may go on behind the line.
  SeriesEntry* predict(const char* at, const char* end, std::size_t& size);
  /// The line at `at` was that of the series just predicted. It must stay where it is until the end of the scrape.
  void accept(const char* at);
  /// By name and labels; the order of labels and labels with empty values do not matter.
  SeriesEntry* find(std::string_view name, std::span<const LabelView> labels);
  /// Adds the series that find() just did not find; its text is set here. Null: no room is left.
  SeriesEntry* add(SeriesEntry entry);
  /// A line that was not predicted, which begins with `written`, is one of `entry`. It must stay where it is, as above.
  void note(SeriesEntry& entry, std::string_view written);
  /// Forgets all series of a name: when they come back they are new.
  void forget_name(std::uint32_t name);

  [[nodiscard]] std::uint64_t scrape() const { return scrape_; }
  [[nodiscard]] std::size_t wanted() const { return wanted_; }

private:
  struct Step {
    std::uint32_t entry = 0;  ///< in entries_
    std::uint32_t size = 0;   ///< of the series as written
    std::uint32_t shared = 0; ///< bytes that it has in common with the step before
    std::uint32_t rest = 0;   ///< where the others stand in Order::rests
  };
  struct Order { ///< the series of a scrape as they came
    std::vector<Step> steps;
    std::string rests;
    void clear();
    void shrink();
    void append(std::uint32_t entry, std::string_view written, std::string_view before);
    void assign_front(const Order& other, std::size_t n);
    [[nodiscard]] bool has(std::uint32_t place, std::uint32_t entry) const;
    /// Whether the step at `place` is written so.
    [[nodiscard]] bool is_written(std::size_t place, std::string_view written) const;
  };

  template <class Old> void forget_if(Old old);
  void leave_order();
  void append(std::uint32_t entry, std::string_view written);
  void shrink();
  [[nodiscard]] std::uint32_t position_of(const SeriesEntry& entry) const {
    return static_cast<std::uint32_t>(&entry - entries_.data());
  }
  [[nodiscard]] std::size_t known() const { return entries_.size() - free_.size(); }
  [[nodiscard]] bool has_room(bool wanted, std::size_t bytes) const;

  Limits limits_;
  std::vector<SeriesEntry> entries_;
  std::vector<std::uint32_t> free_; ///< in entries_; the last one is used first
  PositionTable table_;             ///< of entries_, by their texts
  Order order_;                     ///< of the last scrape
  Order new_order_;                 ///< of this one, once it left order_
  std::string_view appended_;       ///< the last step of new_order_ as written
  std::size_t cursor_ = 0;          ///< into order_: what should come next
  const char* line_ = nullptr;      ///< the line of this scrape that was the step before cursor_; null: there is none
  bool left_ = false;               ///< this scrape is not the beginning of order_
  std::uint64_t scrape_ = 0;
  std::uint64_t cleared_in_ = 0; ///< scrape in which room was last made
  std::size_t wanted_ = 0;
  std::size_t bytes_ = 0; ///< of the texts of entries
  std::uint32_t next_id_ = 0;
  std::string key_; ///< text of the last find()
  std::size_t key_hash_ = 0;
  std::vector<LabelView> labels_;
};

} // namespace backstop
