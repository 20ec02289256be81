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

bool is_upward(const Condition& condition) {
  const Op op = condition.limit ? condition.limit->op : condition.of_baseline ? condition.of_baseline->op : Op::greater;
  return op == Op::greater || op == Op::greater_equal;
}

} // namespace backstop
