#pragma once
#include "daemon/records.hpp"
#include "daemon/state.hpp"
#include "rules/procedure.hpp"
#include <string>
#include <string_view>
#include <vector>

/// Procedures between configuration, records and engine: which steps there are, and how far they came.
namespace backstop {

/// As the `procedure` of records and keys.
inline constexpr const char* kPlan = "plan";
inline constexpr const char* kRollback = "rollback";
inline constexpr const char* kPreflight = "preflight";
inline constexpr const char* kChecklist = "checklist";
/// Path of the step, of a rollback and of a preflight, at which all traffic goes to the side that had it.
inline constexpr const char* kTrafficBack = "traffic";
/// Behind the path of a step of the plan: what takes it back.
inline constexpr const char* kUndoSuffix = ".undo";
/// Path of the question which version runs, which comes before what the user configured of a rollback.
inline constexpr const char* kAssess = "0";

/// "2.1" of "2.1.undo"; empty: it takes no step back.
std::string step_undone_by(std::string_view path);

/// The steps of a procedure and how far they came; null where there is none.
const std::vector<StepPlan>* steps_of(const DeploymentState& deployment, std::string_view procedure);
/// How the user calls one of them; empty: there is none there.
std::string step_name(const DeploymentState& deployment, std::string_view procedure, std::string_view path);
/// The end of a step that backstopd does itself: it succeeded, and took no time, unless the caller says otherwise.
StepEnded done_at_once(const DeploymentState& deployment, const std::string& procedure, const std::string& path,
                       const char* purpose, int attempt, std::string detail);
const ProcedureProgress* progress_of(const DeploymentState& deployment, std::string_view procedure);
const StepProgress* progress_of(const DeploymentState& deployment, std::string_view procedure, std::string_view path);

/// The engine's view of configured steps: one; procedures.rollback, with the question which version runs before it.
StepPlan plan_of(const config::Step& step);
std::vector<StepPlan> plan_of(const std::vector<config::Step>& rollback);
/// The steps of all phases of a plan.
std::vector<StepPlan> plan_of(const config::Plan& plan);
/// The steps of a rollback: traffic back, the question which version runs, and procedures.rollback with the `undo` of the
/// plan's steps before its first run step; those that come before the traffic in `undo` before it. `untouched`: traffic and undo alone.
std::vector<StepPlan> rollback_plan_of(const config::Service& service, const std::vector<std::string>& undo,
                                       bool untouched);

/// A step of the plan moves traffic.
bool moves_traffic(const config::Service& service);

/// How an outcome counts for the engine of procedures.
AttemptEnd attempt_end(const StepEnded& ended);
/// One clause for people: "exit status 3 (no such host)".
std::string describe(const StepEnded& ended);

} // namespace backstop
