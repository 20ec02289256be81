#pragma once
#include "daemon/seams.hpp"

namespace backstop {

/// A Recorder in memory, without bounds. Values are what reads back of their text, as in a file.
class MemoryRecorder : public Recorder {
public:
  Status put(std::string_view key, const Json& value) override;
  Result<Json> get(std::string_view key) const override;
  Status note_readings(std::span<const KeptReading> readings) override;
  Result<std::vector<KeptReading>> readings(std::string_view service, std::string_view indicator, Time from, Time to,
                                            std::size_t limit) const override;

private:
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<KeptReading> readings_;
};

} // namespace backstop
