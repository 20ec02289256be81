#include "rules/result.hpp"

namespace backstop {

std::string_view name_of(Errc code) {
  switch (code) {
  case Errc::invalid: return "invalid";
  case Errc::not_found: return "not_found";
  case Errc::refused: return "refused";
  case Errc::unauthorized: return "unauthorized";
  case Errc::io: return "io";
  case Errc::timeout: return "timeout";
  case Errc::too_large: return "too_large";
  case Errc::corrupt: return "corrupt";
  case Errc::newer: return "newer";
  case Errc::busy: return "busy";
  }
  return "invalid";
}

} // namespace backstop
