#pragma once
#include "daemon/state.hpp"
#include <string>

namespace backstop {

/// What a shutdown of the host should wait for, for people ("D7 rolls back shop/production"); empty: for nothing. As
/// long as none has been announced that is every rollback and every preflight under way, as its next step may start at
/// any instant; from then on only what runs already, since nothing more is started.
std::string delays_shutdown(const State& state);

} // namespace backstop
