#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

/// Text for people in lines of at most 100 columns: pieces are kept whole and go to the next line where they do not
/// fit.
class Lines {
public:
  /// "<indent>piece, piece, ...", continued two columns further in.
  void line(int indent, const std::vector<std::string>& pieces);
  /// "<indent>name      piece, piece, ...", continued under the first piece.
  void entry(int indent, std::string_view name, const std::vector<std::string>& pieces);
  std::string take() { return std::move(text_); }

private:
  void wrap(std::string start, std::size_t hang, const std::vector<std::string>& pieces);
  std::string text_;
};

} // namespace backstop::config
