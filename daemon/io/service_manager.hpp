#pragma once
#include "daemon/io/event_loop.hpp"
#include <string>

namespace backstop {

/// The service manager that started us, over the protocol of sd_notify(3) and sd_listen_fds(3). Where there is none, as in
/// a terminal, nothing here has an effect.
class ServiceManager {
public:
  /// With a watchdog set for the service the loop feeds it from now on: a loop that hangs is killed and started again.
  explicit ServiceManager(EventLoop& loop);

  /// Everything is open and recovered; `status` is what `systemctl status` shows.
  void ready(const std::string& status);
  void reloading();
  void stopping();
  /// Told only where it changed.
  void status(const std::string& text);

private:
  std::string status_;
};

/// The listening control socket that the service manager holds for us (backstopd.socket); -1: there is none.
int inherited_control_socket();

} // namespace backstop
