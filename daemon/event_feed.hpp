#pragma once
#include "daemon/records.hpp"
#include "daemon/web.hpp"
#include <vector>

namespace backstop {

/// Passes each durable record on to the open event streams (GET /v1/events). A reader that is gone or too slow is
/// dropped: it sees the hole in the ids and reads the state anew.
class EventFeed {
public:
  static constexpr Duration kBeat = std::chrono::seconds(15);
  void subscribe(web::Stream stream);
  /// A comment to every reader, so that it, and whatever is between, knows that the connection stands. Call every kBeat.
  void beat();
  void publish(const Record& record, const Payload& payload);
  [[nodiscard]] std::size_t readers() const { return streams_.size(); }

private:
  std::vector<web::Stream> streams_;
};

} // namespace backstop
