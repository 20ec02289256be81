#pragma once
#include "daemon/ctl/invocation.hpp"
#include <string>

namespace backstop::ctl {

/// Asks the daemon once.
Said run_call(const Invocation& invocation, const Call& call);
/// Asks until the deployment has an outcome; prints as it goes, and gives the exit code.
int run_wait(const Invocation& invocation, const Wait& wait);

Said run_watch_status(const Invocation& invocation, const WatchStatus& wanted);

/// What works without the daemon.
Said run_offline(const Invocation& invocation, const Offline& offline);
Said run_check_config(const Invocation& invocation, const CheckConfig& check);
Said run_check_metrics(const Invocation& invocation, const CheckMetrics& check);
Said run_export(const Invocation& invocation, const Export& wanted);
Said run_explain(const Invocation& invocation, const Explain& wanted);
Said run_replay(const Invocation& invocation, const Replay& replay);
Said run_report(const Invocation& invocation, const Report& wanted);
Said run_release_notes(const Invocation& invocation, const ReleaseNotes& wanted);
Said run_stats(const Invocation& invocation, const Stats& wanted);
Said run_look_at_plan(const Invocation& invocation, const LookAtPlan& look);
Said run_test_rules(const Invocation& invocation, const TestRules& wanted);

Said run_journal_check(const Invocation& invocation, const JournalCheck& check);
Said run_audit_verify(const Invocation& invocation, const AuditVerify& audit);
Said run_journal_restore(const Invocation& invocation, const JournalRestore& restore);
Said run_debug_bundle(const Invocation& invocation, const DebugBundle& bundle);

void print(const Said& said);

} // namespace backstop::ctl
