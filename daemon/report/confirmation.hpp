#pragma once
#include "daemon/report/report.hpp"
#include "rules/result.hpp"

namespace backstop::report {

/// That a deployment is done and its version was kept, with the figures that say so, for those who sign. Errors: refused where
/// it did not end well (it says how it stands), invalid for an incident.
Result<Document> deployment_confirmation(const Report& report, const LocalTime& local);

} // namespace backstop::report
