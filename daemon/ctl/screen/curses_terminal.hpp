#pragma once
#include "daemon/ctl/screen/grid.hpp"
#include "daemon/ctl/screen/session.hpp"
#include "rules/result.hpp"
#include <memory>
#include <optional>
#include <vector>

namespace backstop::ctl::screen {

/// The terminal on standard input and output, by ncurses: keys in, grids out. While it lives the terminal is its own; what was there
/// before comes back with its end. One at a time.
class CursesTerminal {
public:
  /// `color`: wanted. Errc::invalid: the terminal cannot place text.
  static Result<std::unique_ptr<CursesTerminal>> open(bool color);
  ~CursesTerminal();
  CursesTerminal(const CursesTerminal&) = delete;
  CursesTerminal& operator=(const CursesTerminal&) = delete;

  [[nodiscard]] const Capabilities& capabilities() const { return capabilities_; }
  [[nodiscard]] Size size() const;
  /// It has another size now, or was another's for a while: the next paint() paints all anew, at its size.
  void resize();
  /// Writes the cells that are otherwise than in the grid before.
  void paint(const Grid& grid);
  /// What was typed since the last call. Does not block.
  std::vector<Key> keys();
  /// Nobody is at the other end any more.
  [[nodiscard]] bool gone() const;

private:
  struct Screen;
  CursesTerminal(std::unique_ptr<Screen> screen, Capabilities capabilities);
  std::unique_ptr<Screen> screen_;
  Capabilities capabilities_;
  std::optional<Grid> painted_;
};

} // namespace backstop::ctl::screen
