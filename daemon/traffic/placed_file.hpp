#pragma once
#include "daemon/step/fd.hpp"
#include "rules/result.hpp"
#include <optional>
#include <string>
#include <string_view>

namespace backstop::traffic {

/// One file that is replaced as a whole, and a note beside it, named .NAME.loaded. Its folder is locked meanwhile, so that two
/// programs never do it at once.
class PlacedFile {
public:
  /// `path` is absolute; a symbolic link is followed. Error: there is no such folder, it cannot be opened, or, where it is to
  /// be written, another one is at it.
  static Result<PlacedFile> open(const std::string& path, bool to_write);

  /// Nothing where there is none.
  [[nodiscard]] Result<std::optional<std::string>> text() const { return read(name_); }
  [[nodiscard]] Result<std::optional<std::string>> note() const { return read(note_name()); }
  /// Whole and on the disk, or as it was. Owner and mode are those of the old one; without one those that a new file gets.
  [[nodiscard]] Status put(std::string_view text) const { return replace(name_, text); }
  [[nodiscard]] Status put_note(std::string_view text) const { return replace(note_name(), text); }
  /// On the disk too; fine where there is none.
  [[nodiscard]] Status remove() const { return remove(name_); }
  [[nodiscard]] Status remove_note() const { return remove(note_name()); }

private:
  // A name that begins with a dot is not matched by what an `include` of nginx asks for (conf.d/*, sites-enabled/*).
  [[nodiscard]] std::string note_name() const { return "." + name_ + ".loaded"; }
  [[nodiscard]] Result<std::optional<std::string>> read(const std::string& name) const;
  [[nodiscard]] Status replace(const std::string& name, std::string_view text) const;
  [[nodiscard]] Status remove(const std::string& name) const;
  [[nodiscard]] Error failed(const std::string& name, const char* what) const;

  std::string folder_path_, name_;
  step::Fd folder_;
};

} // namespace backstop::traffic
