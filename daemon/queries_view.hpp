#pragma once
#include "daemon/json.hpp"
#include "daemon/state.hpp"

namespace backstop {

/// The PromQL queries that a deployment is judged by, as they are asked, for people: a list of source, name, query. With
/// $window they have the window of a read after another good one. Empty where there are none.
Json queries_view(const DeploymentState& deployment);

} // namespace backstop
