#pragma once
#include "daemon/io/transient_units.hpp"

struct sd_bus_message;

namespace backstop {

/// Appends the properties of `unit` and "no auxiliary units" to a call of StartTransientUnit. Below zero: a negative
/// errno of sd-bus, and the message is of no use.
int append_properties(sd_bus_message* call, const TransientUnit& unit);

} // namespace backstop
