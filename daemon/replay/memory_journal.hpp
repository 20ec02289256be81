#pragma once
#include "daemon/seams.hpp"

namespace backstop {

/// A Journal in memory. Keeps records as a file would: a payload is what reads back of its text (NaN becomes null).
class MemoryJournal : public Journal {
public:
  Status append(std::span<Record> records) override;
  Status read(std::uint64_t after, const std::function<Status(const Record&)>& each) const override;
  Status let_go(std::uint64_t compacted) override;

  [[nodiscard]] const std::vector<Record>& records() const { return records_; }
  [[nodiscard]] std::vector<Record> of_type(std::string_view type) const;

private:
  std::vector<Record> records_;
  ChainEnd end_;
};

} // namespace backstop
