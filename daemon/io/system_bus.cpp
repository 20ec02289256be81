#include "daemon/io/system_bus.hpp"
#include <cstdlib>
#include <utility>

namespace backstop::system_bus {

std::string usual_address() {
  const char* set = std::getenv("DBUS_SYSTEM_BUS_ADDRESS"); // NOLINT(concurrency-mt-unsafe): one thread
  return set && *set ? set : "unix:path=/run/dbus/system_bus_socket";
}

int open(EventLoop& loop, const std::string& address, sd_bus*& bus, Slot& slot,
         sd_bus_message_handler_t on_disconnected, void* self) {
  constexpr const char* kLocal = "org.freedesktop.DBus.Local";
  int r = sd_bus_new(&bus);
  if (r >= 0) r = sd_bus_set_address(bus, address.c_str());
  if (r >= 0) r = sd_bus_set_bus_client(bus, 1);
  if (r >= 0) r = sd_bus_start(bus);
  if (r >= 0) r = sd_bus_attach_event(bus, loop.raw(), EventLoop::kNormal);
  sd_bus_slot* raw = nullptr;
  if (r >= 0)
    r = sd_bus_match_signal(bus, &raw, kLocal, "/org/freedesktop/DBus/Local", kLocal, "Disconnected", on_disconnected,
                            self);
  slot.reset(raw);
  return r;
}

void let_go(EventLoop& loop, sd_bus*& bus) {
  if (!bus) return;
  const std::shared_ptr<sd_bus> old(std::exchange(bus, nullptr), [](sd_bus* b) { sd_bus_close_unref(b); });
  loop.post([old] {});
}

} // namespace backstop::system_bus
