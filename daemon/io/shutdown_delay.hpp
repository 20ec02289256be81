#pragma once
#include "daemon/io/event_loop.hpp"
#include "daemon/seams.hpp"
#include <functional>
#include <memory>
#include <string>

namespace backstop {

/// What logind has to do with a shutdown of the host, over the system bus, on the loop and never waiting: its `delay`
/// lock, for which a shutdown waits (at most InhibitDelayMaxSec of logind.conf, 5 s unless set), and the news of a
/// shutdown. Where there is no bus or no logind, nothing of this happens, and nothing depends on it; a bus that comes
/// later is found.
class ShutdownDelay {
public:
  /// From the loop: a shutdown is under way (true), or none, perhaps not any more (false). Once as soon as it is known,
  /// then where it changed.
  using Told = std::function<void(bool coming)>;
  /// `address` of the bus; empty: DBUS_SYSTEM_BUS_ADDRESS, or the usual place.
  ShutdownDelay(EventLoop& loop, Log& log, Told told, std::string address = "");
  ~ShutdownDelay();

  /// Takes the lock where `why` ("D7 rolls back shop/production") is not empty, and lets go of it where it is. Nothing
  /// waits until logind has given it. Once a shutdown has begun logind gives no new one.
  void want(const std::string& why);
  /// logind has given it.
  [[nodiscard]] bool held() const;

  static constexpr Duration kRetry{std::chrono::seconds(60)}; ///< after a bus that could not be reached

private:
  class Connection;
  std::unique_ptr<Connection> connection_;
};

} // namespace backstop
