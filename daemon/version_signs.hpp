#pragma once
#include "collectors/line_reader.hpp"
#include "daemon/config/compile.hpp"
#include "daemon/config/config.hpp"
#include "daemon/target_places.hpp"
#include "rules/sample.hpp"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace backstop {

/// What the samples of one service say of the version that runs, where its `detect` looks at samples.
class VersionSigns {
public:
  VersionSigns(const config::Service& service, const config::CompiledService& compiled);

  /// Sees every scrape of the service. True: it says something else than before.
  bool take(const Scrape& scrape);
  /// The target at `place` is not there any more.
  void forget_version(std::uint32_t source, std::uint32_t place);
  /// It is another one, with other series.
  void forget_series(std::uint32_t source, std::uint32_t place);

  struct Seen {
    std::string version;
    bool everywhere = true; ///< every target that is there and can be read shows it
  };
  /// detect: series. The version to look at is one that is not `known`, that of the most targets; where all show `known`, that.
  /// None: no target has shown one.
  [[nodiscard]] std::optional<Seen> shown(const TargetPlaces& places, const std::string& known) const;
  /// detect: restart_of. How often the unit was started; none: nothing was read of it so far.
  [[nodiscard]] std::optional<double> starts() const { return starts_; }

private:
  static constexpr int kFailuresToBeDown = 5; ///< reads in a row; what it showed counts no more
  bool take_labels(const Scrape& scrape);
  void take_names(const Scrape& scrape);

  std::optional<std::uint32_t> source_;
  std::uint32_t selector_ = 0;
  std::optional<Selector> wanted_;
  std::string label_; ///< empty: restarts are counted
  LineReader reader_{Format::prometheus, {}};
  std::map<std::uint32_t, std::unordered_map<std::uint32_t, std::string>> names_; ///< versions, by place, by series
  std::map<std::uint32_t, std::string> versions_;                                 ///< of now, by place
  std::map<std::uint32_t, int> failed_;                                           ///< reads in a row, by place
  std::optional<double> starts_;
};

} // namespace backstop
