#pragma once
#include "collectors/unit_state.hpp"
#include <string>

struct sd_bus_message;

namespace backstop {

/// What of a unit's properties is of use here.
struct ToldProperties {
  UnitProperties properties;
  std::string id; ///< the unit's own name, also when it was asked for by an alias; empty: not said
};

/// Reads an array of properties (a{sv}) at the place where `m` stands; those of no use are skipped. Below zero: an
/// errno, the message is not what it ought to be.
int read_properties(sd_bus_message* m, ToldProperties& out);

/// Puts what is said over what was said before.
void merge(const UnitProperties& said, UnitProperties& out);

} // namespace backstop
