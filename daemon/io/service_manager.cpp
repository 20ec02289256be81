#include "daemon/io/service_manager.hpp"
#include <ctime>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

namespace backstop {

ServiceManager::ServiceManager(EventLoop& loop) { sd_event_set_watchdog(loop.raw(), 1); }

void ServiceManager::ready(const std::string& status) {
  status_ = status;
  sd_notifyf(0, "READY=1\nSTATUS=%s", status.c_str());
}

void ServiceManager::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto usec =
      static_cast<unsigned long long>(now.tv_sec) * 1'000'000U + static_cast<unsigned long long>(now.tv_nsec) / 1000U;
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reading the configuration", usec);
  status_.clear();
}

void ServiceManager::stopping() { sd_notify(0, "STOPPING=1"); }

void ServiceManager::status(const std::string& text) {
  if (text == status_) return;
  status_ = text;
  sd_notifyf(0, "STATUS=%s", text.c_str());
}

int inherited_control_socket() {
  const int count = sd_listen_fds(1);
  for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd) {
    if (sd_is_socket_unix(fd, SOCK_STREAM, 1, nullptr, 0) > 0) return fd;
  }
  return -1;
}

} // namespace backstop
