#include "rules/table.hpp"

namespace backstop {

std::string_view name_of(Mode mode) {
  switch (mode) {
  case Mode::observe: return "observe";
  case Mode::confirm: return "confirm";
  case Mode::automatic: return "auto";
  }
  return "observe";
}

} // namespace backstop
