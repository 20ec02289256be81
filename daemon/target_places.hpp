#pragma once
#include "daemon/config/sources.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// What looking for the targets of a source gave.
struct FoundTargets {
  std::optional<std::vector<config::TargetConfig>> targets; ///< all that are known; none: those known before stay
  std::string why; ///< somewhere could not be looked, which keeps what it gave before; empty: all was seen
};

/// The targets of one source, each at a place (an index, as in Scrape::target) of its own. Targets that are found come and
/// go: one that comes back within kKept has the place that it had, with its series; a place is given to another target
/// only when the one before has been gone for so long, or when there are too many. A source that looks for its targets and
/// has none keeps one place for "none", whose reads fail: it must be seen that nothing is measured.
class TargetPlaces {
public:
  static constexpr Duration kKept = std::chrono::hours(1);
  static constexpr std::size_t kMost = 2 * config::kMostTargets + 1; ///< places, that of "none" among them
  /// What the place of a source without targets is called.
  static const std::string kNone;

  /// As configured: the written targets; of a kind without a list one, whose name is "".
  explicit TargetPlaces(const config::Source& source);

  struct Change {
    std::vector<std::uint32_t> joined;     ///< a target is there, that was not
    std::vector<std::uint32_t> left;       ///< it is not there any more
    std::vector<std::uint32_t> replaced;   ///< of `joined`: what the place had before is nothing to it
    std::vector<std::uint32_t> relabelled; ///< it was there and is, with other labels
    [[nodiscard]] bool none() const { return joined.empty() && left.empty() && relabelled.empty(); }
  };
  /// From now on the targets are the written ones and `found` (no name twice; the rest beyond kMostTargets is left out).
  Change set(const std::vector<config::TargetConfig>& found, Time now);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(places_.size()); }
  [[nodiscard]] bool present(std::uint32_t place) const { return places_[place].present; }
  /// It stands for having none.
  [[nodiscard]] bool is_none(std::uint32_t place) const { return discovers_ && places_[place].target.name().empty(); }
  /// There is such a place, and a target at it.
  [[nodiscard]] bool has(std::uint32_t place) const { return place < places_.size() && places_[place].present; }
  [[nodiscard]] const config::TargetConfig& target(std::uint32_t place) const { return places_[place].target; }
  /// As people and recordings call it.
  [[nodiscard]] const std::string& name(std::uint32_t place) const;
  /// Where the target of that name is; none: it is not there.
  [[nodiscard]] std::optional<std::uint32_t> place_of(std::string_view name) const;
  /// It was there from the beginning: at the first list that is known.
  [[nodiscard]] bool from_start(std::uint32_t place) const { return places_[place].from_start; }
  /// Places of present targets that have this label.
  [[nodiscard]] std::vector<std::uint32_t> with(std::string_view label, std::string_view value) const;
  /// Present ones that were found, not written.
  [[nodiscard]] std::vector<config::TargetConfig> found() const;

private:
  struct Place {
    config::TargetConfig target;
    bool written = false;
    bool present = true;
    bool from_start = true;
    Time left{};
  };
  std::uint32_t place_for(const config::TargetConfig& target, Time now, Change& change);

  std::vector<Place> places_;
  bool discovers_ = false;
  bool listed_ = false; ///< set() was called
};

} // namespace backstop
