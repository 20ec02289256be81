#pragma once
#include "collectors/exposition.hpp"
#include "collectors/line_reader.hpp"
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// Where a line stands: for messages.
struct LinePlace {
  std::size_t number = 0; ///< 1 is the first
  std::size_t indent = 0; ///< blanks in front of what is handed on
};

/// Told of the lines that may matter. Giving false ends the scan.
class ScanSink {
public:
  virtual ~ScanSink() = default;
  /// A sample line of the wanted name `name`, unread: from its first character that is not blank, without the newline.
  virtual bool on_wanted(std::uint32_t name, std::string_view line, LinePlace place) = 0;
  /// A sample line whose name stands in quotes inside the braces: it may be of any name, or of none that is wanted.
  virtual bool on_quoted(std::string_view line, LinePlace place) = 0;
  /// A TYPE line of the family of the wanted name `name`. `exact`: the family has that very name, so its samples are the
  /// wanted ones whatever another family that implies the name ("h" for "h_count") says.
  virtual bool on_type(std::uint32_t name, MetricType type, bool exact) = 0;
  /// Asked at the beginning of the line behind one that on_wanted() took: the sink may read whole lines of [at, end) that
  /// it knows beforehand, newlines included. Gives where it stopped, and adds the lines to `number`.
  virtual const char* read_on(const char* at, const char* end, std::size_t& number) = 0;
};

/// Goes through an exposition at little more than the cost of finding its newlines: a line is looked at beyond its first
/// bytes only if it begins with a wanted name. Lines that are skipped are not checked; on valid text the wanted lines are
/// exactly those that parse_exposition() gives. A cut-off OpenMetrics text (no "# EOF" at its end) is an error.
class SeriesScanner {
public:
  /// `names`: distinct metric names; they are known by their index.
  explicit SeriesScanner(std::vector<std::string> names);

  /// False when the sink ended the scan, or at a fault, which `fault` then tells (its reason is empty otherwise).
  bool scan(std::string_view text, Format format, LineReader& reader, ScanSink& sink, ExpositionFault& fault) const;

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

private:
  static constexpr std::size_t kSizes = 64;
  struct Ending { ///< the last eight bytes of a wanted name, or all of a shorter one: those in which names differ
    std::uint64_t bytes = 0, mask = 0;
    std::uint32_t offset = 0; ///< in the name
    std::uint32_t name = 0;
  };
  /// All names that begin with one byte: eight bytes, or less, that all of them reach, and a bit for what they have there.
  struct Letter {
    std::uint64_t mask = 0, bits = 0;
    std::uint32_t offset = 0;       ///< of those bytes
    std::uint32_t from = 0, to = 0; ///< the names, in endings_
  };
  struct Family {
    std::string name;
    std::uint32_t wanted = 0;
    std::string suffix; ///< what is left of the wanted name; empty: the family is named as the series
  };
  void add_ending(std::uint32_t index);
  void add_letter(unsigned char c);
  void add_families(std::uint32_t index);
  /// Both may look at `readable` bytes from the beginning of the line on.
  [[nodiscard]] bool may_be_wanted(const char* line, std::size_t readable) const;
  /// The wanted name that a line begins with, or -1.
  [[nodiscard]] int find(std::string_view line, std::size_t readable) const;
  [[nodiscard]] bool is_named(std::string_view line, std::uint32_t name) const;
  bool scan_comment(std::string_view line, LinePlace place, LineReader& reader, ScanSink& sink,
                    ExpositionFault& fault) const;

  std::vector<std::string> names_;
  std::vector<Ending> endings_; ///< sorted by the first byte of their names
  std::vector<Letter> letters_;
  std::array<std::uint8_t, 256> letter_of_{}; ///< by the first byte; 0: of no name. Small: each target has this table
  std::size_t window_ = 0;                    ///< bytes behind the beginning of a line in which all endings lie
  std::vector<Family> families_;              ///< sorted by the size of their names
  /// Names of families_ from of_size_[n] to of_size_[n + 1] have n bytes, the last ones kSizes - 1 or more.
  std::array<std::uint32_t, kSizes + 1> of_size_{};
};

} // namespace backstop
