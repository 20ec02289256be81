#pragma once
#include "daemon/io/event_loop.hpp"
#include <memory>
#include <string>
#include <systemd/sd-bus.h>

/// What our connections to the system bus have in common. Everything here is of the C library: nothing outside daemon/io
/// includes it.
namespace backstop::system_bus {

struct SlotCloser {
  void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};
using Slot = std::unique_ptr<sd_bus_slot, SlotCloser>;

using Message = std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)>;
inline Message owned(sd_bus_message* message) { return {message, &sd_bus_message_unref}; }

/// Where the bus is, as libsystemd would look for it.
std::string usual_address();

/// Begins to connect to the bus at `address`, on the loop; `on_disconnected` is called with `self` once it is gone. Below
/// zero: an errno of sd-bus; what was made of `bus` and `slot` is let go of by the caller.
int open(EventLoop& loop, const std::string& address, sd_bus*& bus, Slot& slot,
         sd_bus_message_handler_t on_disconnected, void* self);

/// Closes `bus`, if there is one, in the next iteration: it may be called from inside the bus's own frames, which go on
/// using it. Null afterwards.
void let_go(EventLoop& loop, sd_bus*& bus);

} // namespace backstop::system_bus
