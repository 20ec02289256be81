#pragma once
#include "daemon/seams.hpp"

namespace backstop {

/// A Recorder in memory, without bounds. Values are what reads back of their text, as in a file.
class MemoryRecorder : public Recorder {
public:
  Status put(std::string_view key, const Json& value) override;
  Result<Json> get(std::string_view key) const override;
  Status note_scrapes(std::span<const KeptScrape> scrapes) override;
  Result<std::vector<KeptScrape>> scrapes(std::string_view service, Time from, Time to,
                                          std::size_t most) const override;
  Status forget_scrapes(std::string_view service, Time from, Time to) override;

  /// Every write fails while it says why.
  std::string broken;
  std::map<std::string, int, std::less<>> puts; ///< how often, by key

private:
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<KeptScrape> scrapes_;
};

} // namespace backstop
