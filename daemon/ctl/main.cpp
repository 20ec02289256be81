#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/invocation.hpp"
#include <cstdlib>
#include <exception>

namespace backstop::ctl {
namespace {

Environment environment() {
  Environment env;
  if (const char* socket = std::getenv("BACKSTOP_SOCKET")) env.socket = socket;
  if (const char* no_color = std::getenv("NO_COLOR"); no_color && *no_color) env.color = false;
  return env;
}

int run(const std::vector<std::string>& words) {
  const Parsed parsed = parse_arguments(words, environment());
  Said said = parsed.said;
  if (parsed.invocation) {
    const Invocation& invocation = *parsed.invocation;
    if (const auto* wait = std::get_if<Wait>(&invocation.what)) return run_wait(invocation, *wait);
    if (const auto* call = std::get_if<Call>(&invocation.what))
      said = run_call(invocation, *call);
    else if (const auto* offline = std::get_if<Offline>(&invocation.what))
      said = run_offline(invocation, *offline);
    else if (const auto* config = std::get_if<CheckConfig>(&invocation.what))
      said = run_check_config(invocation, *config);
    else if (const auto* journal = std::get_if<JournalCheck>(&invocation.what))
      said = run_journal_check(invocation, *journal);
    else if (const auto* audit = std::get_if<AuditVerify>(&invocation.what))
      said = run_audit_verify(invocation, *audit);
    else if (const auto* damaged = std::get_if<JournalRestore>(&invocation.what))
      said = run_journal_restore(invocation, *damaged);
    else if (const auto* bundle = std::get_if<DebugBundle>(&invocation.what))
      said = run_debug_bundle(invocation, *bundle);
    else if (const auto* wanted = std::get_if<Export>(&invocation.what))
      said = run_export(invocation, *wanted);
    else if (const auto* explain = std::get_if<Explain>(&invocation.what))
      said = run_explain(invocation, *explain);
    else if (const auto* replay = std::get_if<Replay>(&invocation.what))
      said = run_replay(invocation, *replay);
    else if (const auto* report = std::get_if<Report>(&invocation.what))
      said = run_report(invocation, *report);
    else if (const auto* notes = std::get_if<ReleaseNotes>(&invocation.what))
      said = run_release_notes(invocation, *notes);
    else if (const auto* stats = std::get_if<Stats>(&invocation.what))
      said = run_stats(invocation, *stats);
    else if (const auto* plan = std::get_if<LookAtPlan>(&invocation.what))
      said = run_look_at_plan(invocation, *plan);
    else if (const auto* watch = std::get_if<WatchStatus>(&invocation.what))
      said = run_watch_status(invocation, *watch);
    else if (const auto* test_rules = std::get_if<TestRules>(&invocation.what))
      said = run_test_rules(invocation, *test_rules);
    else
      said = run_check_metrics(invocation, std::get<CheckMetrics>(invocation.what));
  }
  print(said);
  return said.exit_code;
}

} // namespace
} // namespace backstop::ctl

int main(int argc, char** argv) {
  using namespace backstop::ctl;
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    print(wrong(std::string("unexpected: ") + e.what()));
    return kInputError;
  }
}
