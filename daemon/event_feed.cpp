#include "daemon/event_feed.hpp"
#include "daemon/narrate.hpp"
#include "daemon/views.hpp"
#include <utility>

namespace backstop {

void EventFeed::subscribe(web::Stream stream) {
  if (stream.push(": backstopd event stream\n\n")) streams_.push_back(std::move(stream));
}

void EventFeed::beat() {
  std::erase_if(streams_, [](const web::Stream& stream) { return !stream.push(": \n\n"); });
}

void EventFeed::publish(const Record& record, const Payload& payload) {
  if (streams_.empty()) return;
  Json data = Json::object();
  data.set("seq", record.seq).set("time", wall(record.time)).set("actor", record.actor).set("subject", record.subject);
  data.set("type", record.type).set("text", narrate(payload).text);
  // Half a megabyte of what is known anyway would be more than a subscriber's buffer takes.
  const bool is_summary =
      std::holds_alternative<StateSummed>(payload) || std::holds_alternative<JournalCompacted>(payload);
  data.set("payload", is_summary ? Json::object() : record.payload);
  const std::string event =
      "id: " + std::to_string(record.seq) + "\nevent: " + record.type + "\ndata: " + data.dump() + "\n\n";
  std::erase_if(streams_, [&](const web::Stream& stream) { return !stream.push(event); });
}

} // namespace backstop
