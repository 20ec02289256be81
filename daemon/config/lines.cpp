#include "daemon/config/lines.hpp"
#include <fmt/format.h>

namespace backstop::config {

namespace {
constexpr std::size_t kColumns = 100;
constexpr std::size_t kNameColumns = 15;
} // namespace

void Lines::line(int indent, const std::vector<std::string>& pieces) {
  wrap(std::string(static_cast<std::size_t>(indent), ' '), static_cast<std::size_t>(indent) + 2, pieces);
}

void Lines::entry(int indent, std::string_view name, const std::vector<std::string>& pieces) {
  const std::size_t hang = static_cast<std::size_t>(indent) + kNameColumns;
  std::string start = std::string(static_cast<std::size_t>(indent), ' ') + std::string(name);
  start.resize(std::max(start.size() + 1, hang), ' ');
  wrap(std::move(start), hang, pieces);
}

void Lines::wrap(std::string start, std::size_t hang, const std::vector<std::string>& pieces) {
  std::string current = std::move(start);
  bool fresh = true;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string piece = pieces[i] + (i + 1 < pieces.size() ? "," : "");
    if (!fresh && current.size() + 1 + piece.size() > kColumns) {
      text_ += current + "\n";
      current = std::string(hang, ' ');
      fresh = true;
    }
    current += (fresh ? "" : " ") + piece;
    fresh = false;
  }
  text_ += current + "\n";
}

} // namespace backstop::config
