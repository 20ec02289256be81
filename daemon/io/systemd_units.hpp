#pragma once
#include "collectors/probe.hpp"
#include "daemon/io/event_loop.hpp"
#include "rules/time.hpp"
#include <memory>
#include <string>

namespace backstop {

/// What systemd says about units, over its bus, on the loop and never waiting: one connection for all that are
/// watched. It is made by the first read that needs it, and anew by the next read after it broke or did not answer in
/// time; such a read fails and says why. Nothing else depends on it. Needs no right: anybody may ask for properties.
class SystemdUnits {
public:
  /// `address` of the bus; empty: DBUS_SYSTEM_BUS_ADDRESS, or the usual place.
  explicit SystemdUnits(EventLoop& loop, std::string address = "");
  ~SystemdUnits();

  /// Reads `unit` (as unit_name() gives it) as the families of collectors/unit_state.hpp, with an answer within
  /// `limit`. Is told of changes: a read asked for by one gives what was told, in no time. Changes that follow within
  /// kSpacing are told of as one, so that a unit that crashes all the time does not keep the daemon busy; no end goes
  /// uncounted.
  std::unique_ptr<Probe> probe(std::string unit, Duration limit);

  static constexpr Duration kSpacing{std::chrono::milliseconds(50)};

private:
  class Bus;
  class UnitProbe;
  std::shared_ptr<Bus> bus_;
};

} // namespace backstop
