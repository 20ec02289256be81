#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

/// Lines and columns count from 1; 0: the file as a whole. Columns count bytes.
struct Place {
  int line = 0;
  int column = 0;
  bool operator==(const Place&) const = default;
};

/// One thing that is wrong in a file, or doubtful (a warning), and what to do about it.
struct Fault {
  std::string file;
  int line = 0;
  int column = 0;
  std::string what;
  std::string how; ///< how to mend it; empty where `what` says it already
  bool operator==(const Fault&) const = default;
};

/// "file:line:column: what (how)"; line and column are left out where they are 0.
std::string text_of(const Fault& fault);

/// Sorts by file, line and column, and drops exact repetitions.
void put_in_order(std::vector<Fault>& faults);

/// Where every value of one file stands, by its path: "bake.good_after", "procedures.rollback[2].argv[1]".
class Places {
public:
  void add(std::string path, Place place) { places_.emplace(std::move(path), place); }
  /// The place of `path`, or of the nearest value around it that was written ("" is the whole file).
  [[nodiscard]] Place of(std::string_view path) const;
  /// `path` itself is written.
  [[nodiscard]] bool has(std::string_view path) const { return places_.find(path) != places_.end(); }

private:
  std::map<std::string, Place, std::less<>> places_;
};

} // namespace backstop::config
