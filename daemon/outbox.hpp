#pragma once
#include "daemon/config/config.hpp"
#include "daemon/ledger.hpp"
#include "daemon/seams.hpp"
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace backstop {

/// Sends what is queued, until it is taken or too old. Part of the executor. The queue itself is State::outbox.
///
/// Of the notices of one incident to one channel the older ones go first: who keeps incidents must not hear of an end before
/// the beginning. Nobody waits for more than 5 min, and not for one that the other side will not take as it is; what an end
/// has overtaken is given up.
///
/// An incident that is open is told again and again to channels that forget what is not repeated (alertmanager). Such a
/// repeat is the notice that was taken last, sent once more: no record, no place in the queue, and no memory over a restart,
/// after which all open ones are told at once.
class Outbox {
public:
  Outbox(Ledger& ledger, Notifier& notifier, const config::Config& config);

  /// Starts every attempt that is due. Gives when time alone matters next.
  Time pump(Time now);

  /// Tells all channels `title` though it cannot be recorded (the journal fails). Repeated every 30 s until delivered,
  /// then silent for as long as the title stays the same, or until pages_over().
  void page_unrecorded(const std::string& title, Time now);
  /// The reason is gone: should it come back it is told anew, at most every 30 s.
  void pages_over();

  /// What no record tells: a repeat that was not taken though the one before was, and the first one that is again (empty).
  std::function<void(const std::string& channel, const std::string& why)> on_repeat;

private:
  struct Page {
    bool delivered = false;
    bool sending = false;
    Time next{};
  };
  struct Repeat {
    Time next{};
    bool sending = false;
  };
  using OfIncident = std::pair<std::string, std::string>; ///< incident, channel

  Time pump_queue(Time now);
  Time pump_repeats(Time now);
  void send(const OutboxEntry& entry, Time now);
  void notice_done(const std::string& key, const Delivery& delivery);
  void give_up_overtaken(const NoticeQueued& end, std::int64_t number, Time at);
  [[nodiscard]] const config::Channel* wants_repeats(const std::string& channel) const;
  void repeat(const OfIncident& which, const NoticeQueued& notice);

  Ledger& ledger_;
  Notifier& notifier_;
  const config::Config& config_;
  std::map<OfIncident, Repeat> repeats_;
  std::map<std::string, std::string> failing_; ///< channel → why its repeats are not taken
  std::string page_title_;
  std::map<std::string, Page> pages_; ///< by channel
  int outage_ = 0;                    ///< an answer to a page of an earlier one does not count
  Time now_{};                        ///< of the last call, for answers that do not tell theirs
};

} // namespace backstop
