#pragma once
#include "daemon/ctl/layout.hpp"
#include "daemon/json.hpp"
#include <string>

/// What `deploy wait` makes of a document of GET /v1/deployments/ID (printable() already). Pure.
namespace backstop::ctl {

/// One line on how a deployment stands, cut to the style's width:
/// "D1 watching v2, good in 12s, watched for 52s more; normal; error_rate 0.2%, limit > 5%".
std::string progress_line(const Json& document, const Style& style);

/// What happened and why, and the exit code for it. Not the end yet: exit code -1.
struct Outcome {
  int exit_code = -1;
  std::string text;
};
/// `whole_bake`: a version that is verified good is not the end yet. A rollback that is decided and will not be carried
/// out without a person is the end (kUndecided): waiting on would not help. See docs/decisions/0009.
Outcome outcome_of(const Json& document, bool whole_bake, const Style& style);

} // namespace backstop::ctl
