#pragma once
#include "daemon/records.hpp"
#include "daemon/web.hpp"
#include <vector>

namespace backstop {

/// Passes each durable record on to the open event streams (GET /v1/events). A reader that is gone or too slow is
/// dropped: it sees the hole in the ids and reads the state anew.
class EventFeed {
public:
  void subscribe(web::Stream stream);
  void publish(const Record& record, const Payload& payload);
  [[nodiscard]] std::size_t readers() const { return streams_.size(); }

private:
  std::vector<web::Stream> streams_;
};

} // namespace backstop
