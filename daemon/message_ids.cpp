#include "daemon/message_ids.hpp"
#include "daemon/procedures.hpp"
#include <iterator>

namespace backstop {
namespace {

using M = Message;

constexpr MessageId kIds[] = {
    {M::daemon_started, "daemon_started", "aba3c23957ac40558248d4b0165bc6b9"},
    {M::daemon_stopped, "daemon_stopped", "79cf6c8004ad4ff99b195e986be6976a"},
    {M::config_applied, "config_applied", "cb49c7ff25184fdea66acf2af1fba890"},
    {M::config_refused, "config_refused", "d797c5ce139446368ff87eecfed0b5e5"},
    {M::version_adopted, "version_adopted", "6c89af190b2f45cdb566833889931f3a"},
    {M::deployment_requested, "deployment_requested", "cf3390ded187436d8a0e34b78845805f"},
    {M::deployment_refused, "deployment_refused", "76b1257160a94be2abec364096a6e8bf"},
    {M::deployment_begun, "deployment_begun", "1bcf9d4d75d842b78068e4920460fe3f"},
    {M::deployment_finished, "deployment_finished", "c61100a90e7b4d8188dcf8021f0695f6"},
    {M::version_verified_good, "version_verified_good", "c621c2e2bf1b42698f7b13129a15306f"},
    {M::deployment_kept, "deployment_kept", "dcb705d4cee045a7a9b18c25295a734e"},
    {M::deployment_undecided, "deployment_undecided", "83c4ea4f08564c1aa7f1b448eea03c3b"},
    {M::deployment_ended, "deployment_ended", "b01a2c6ce7a540d1a74baeb1d3f362d3"},
    {M::level_changed, "level_changed", "fdf01cff200a4c0882584cbb5418e844"},
    {M::rollback_decided, "rollback_decided", "982d8b4bbdbd4d31bac01ac1868db004"},
    {M::rollback_withheld, "rollback_withheld", "c1a25ae07bec4674a17beda4b8c3e066"},
    {M::decision_made, "decision_made", "f16d30bdd8c74e52a9b4c7d5356b0039"},
    {M::confirmation_asked, "confirmation_asked", "b7e81f40ccaf4fe08ee66afa50b2ba02"},
    {M::confirmation_answered, "confirmation_answered", "666d081706ac4ec8874d918a818b5125"},
    {M::incident_opened, "incident_opened", "5aa5fc38e0e34e75a7be488a764681dc"},
    {M::incident_escalated, "incident_escalated", "9afd689cd5e4472aad05eb097f067b65"},
    {M::incident_acknowledged, "incident_acknowledged", "fb51c9b719244098ba8458b9f5661a72"},
    {M::review_closed, "review_closed", "f2401869340847fa859840e428965d34"},
    {M::incident_resolved, "incident_resolved", "91aead9bc66d4887b51c5436268eb941"},
    {M::review_opened, "review_opened", "71bd77b8f1c2463bb29606c78b7a1142"},
    {M::rollback_started, "rollback_started", "58134280b58142ecb1e31f7ced86da72"},
    {M::step_started, "step_started", "4a7b865cc4e84ff2a3277570695e055a"},
    {M::step_done, "step_done", "180df31aaeab4405a6515ac96e440cd3"},
    {M::step_failed, "step_failed", "19e749e901124fd2aadfbfd55f219dd8"},
    {M::step_unknown, "step_unknown", "b21ba78e99284e7cab170e6651f17d94"},
    {M::rollback_done, "rollback_done", "0020fe390acb48269ab0afeb1482bd70"},
    {M::rollback_failed, "rollback_failed", "c2b8c29ddd9b4297a689e169ae11fe59"},
    {M::rollback_resumed, "rollback_resumed", "9dadd8d5b3dc409cb2e90440d3e93f27"},
    {M::hold_set, "hold_set", "784cecee715d4958979b6c6e5bdb78b9"},
    {M::hold_ended, "hold_ended", "2e001d2f1e5643258df6b5f486edd8e0"},
    {M::signal_raised, "signal_raised", "106338881be54c78be0a661d48e6b7e3"},
    {M::service_locked, "service_locked", "0c5184c1ce6047d4a643654158590689"},
    {M::service_unlocked, "service_unlocked", "ce1bcd700ba349a1b40bf112aa2c3f60"},
    {M::version_quarantined, "version_quarantined", "53deb57dbf6e4eceaf8eb9e9c5406356"},
    {M::quarantine_released, "quarantine_released", "be47597ca1bf4d0faf597e2073552f1e"},
    {M::game_day_passed, "game_day_passed", "ed5bd99a86274723b467e4cba07d992b"},
    {M::game_day_failed, "game_day_failed", "5956f11fe3de4874a0828529d2432c6c"},
    {M::notice_queued, "notice_queued", "6b6d2a2e44a9496daed690c6a3865c3a"},
    {M::notice_delivered, "notice_delivered", "b1f8a147a8e54e498a5ae4fa5d7e161e"},
    {M::notice_given_up, "notice_given_up", "98b2ca02a95143269f78accca516c00d"},
    {M::shutdown_announced, "shutdown_announced", "2c4962ed3f9746a1a06b71ca4f59fbf8"},
    {M::shutdown_called_off, "shutdown_called_off", "43a7a841fdbe44fa9d6b114f47d82eb0"},
    {M::step_held_back, "step_held_back", "4d3a229f133f400b861b469911333448"},
    {M::watch_interrupted, "watch_interrupted", "02de2ff2d26049f9adf06da3021c4c9f"},
    {M::targets_changed, "targets_changed", "15cbac5abbf84e4681c3e31ee5e50aa4"},
    {M::channel_works, "channel_works", "ae45e57bf8354b7b9c309941f3351172"},
    {M::channel_fails, "channel_fails", "8c4283c6275949e28a34f9bc4fd03508"},
    {M::state_summed, "state_summed", "aecd187a104d4ecc8c38ee6787a32879"},
    {M::journal_compacted, "journal_compacted", "c23c2077a89e4a0d95ff4622a39fd104"},
    {M::deployment_opened, "deployment_opened", "19d6aa58b5a04d2b9ea367733183c4d3"},
    {M::approval_given, "approval_given", "8be0d90211b44e5c9831f334f23f1b65"},
    {M::approval_revoked, "approval_revoked", "d1d994c638f844c4b29b927fffc74232"},
    {M::items_checked, "items_checked", "e67f0e6e9b61464fb3d286a9d0869da2"},
    {M::gate_refused, "gate_refused", "09e2b77d48384c488e0e95be1b2f55fa"},
    {M::gate_overridden, "gate_overridden", "54788183e1ee48aaa8d0a5885127675b"},
    {M::plan_paused, "plan_paused", "45381166aa4d404eb4ba77850f79fada"},
    {M::plan_resumed, "plan_resumed", "6f3ab9305d6c4693bd7ea57123bd759f"},
    {M::step_skipped, "step_skipped", "3bd38dfff9cd4e138b1eeb3020df1f46"},
    {M::plan_done, "plan_done", "38333038d5b74b879307991b5b3866f5"},
    {M::plan_failed, "plan_failed", "5a5c813db124420a9efdd6de19cd0360"},
    {M::plan_retried, "plan_retried", "e158d55fe53f4f8d9576cbf9eaa19b13"},
    {M::baseline_measured, "baseline_measured", "a8ab1802354f4654885bd6881e46bf0d"},
    {M::observe_only, "observe_only", "4e77e124349e42bea2ab5106529a1365"},
    {M::journal_created, "journal_created", "d2fce1b145284f97a00293da0a72f3f3"},
    {M::journal_end, "journal_end", "b302092248264a808e41f6aedf85babf"},
    {M::journal_unwritable, "journal_unwritable", "b882824996124e03b960a3fa207e1265"},
    {M::journal_writable, "journal_writable", "c425155548084689a44e4433a7893307"},
    {M::records_lost, "records_lost", "27eedb25c82841a595b092b697c4cc35"},
    {M::service_not_watched, "service_not_watched", "e7756719ddce4d7694107e9be7d3aa50"},
    {M::service_removed, "service_removed", "16a12a3de6ff43b9b091fb73b9a78f87"},
    {M::steps_cannot_run, "steps_cannot_run", "b33623b263e645259e688ff96263a8d7"},
    {M::timers_not_kept, "timers_not_kept", "b72ea022fd334f1b816b4e4b943518a0"},
    {M::samples_not_kept, "samples_not_kept", "d8cc669462dd107716dc5af6ea1dcf0f"},
    {M::targets_not_found, "targets_not_found", "fbe553db796b4045864db518170a66e6"},
    {M::deadman_silent, "deadman_silent", "d9a593f9622249adafdd72e7a230254e"},
    {M::deadman_resumed, "deadman_resumed", "68341f5b90ac4cecb816921a2a11fb7d"},
    {M::deadman_not_taken, "deadman_not_taken", "1fa92db0131040bc8eb63659ba423ca7"},
};

/// One overload a payload: a new record type that is not named here does not compile.
struct Namer {
  M operator()(const DaemonStarted&) const { return M::daemon_started; }
  M operator()(const DaemonStopped&) const { return M::daemon_stopped; }
  M operator()(const ShutdownAnnounced& p) const { return p.coming ? M::shutdown_announced : M::shutdown_called_off; }
  M operator()(const TargetsChanged&) const { return M::targets_changed; }
  M operator()(const ConfigApplied&) const { return M::config_applied; }
  M operator()(const ConfigRefused&) const { return M::config_refused; }
  M operator()(const VersionAdopted&) const { return M::version_adopted; }
  M operator()(const DeploymentRequested&) const { return M::deployment_requested; }
  M operator()(const DeploymentRefused&) const { return M::deployment_refused; }
  M operator()(const DeploymentBegun&) const { return M::deployment_begun; }
  M operator()(const DeploymentFinished&) const { return M::deployment_finished; }
  M operator()(const VersionVerifiedGood&) const { return M::version_verified_good; }
  M operator()(const DeploymentEnded& p) const {
    if (p.outcome == "succeeded") return M::deployment_kept;
    return p.outcome == "undecided" ? M::deployment_undecided : M::deployment_ended;
  }
  M operator()(const LevelChanged&) const { return M::level_changed; }
  M operator()(const DecisionMade& p) const {
    if (p.decision != "RollBack") return M::decision_made;
    return p.status == "enforced" ? M::rollback_decided : M::rollback_withheld;
  }
  M operator()(const ConfirmationAsked&) const { return M::confirmation_asked; }
  M operator()(const ConfirmationAnswered&) const { return M::confirmation_answered; }
  M operator()(const IncidentOpened&) const { return M::incident_opened; }
  M operator()(const IncidentEscalated&) const { return M::incident_escalated; }
  M operator()(const IncidentAcknowledged&) const { return M::incident_acknowledged; }
  M operator()(const IncidentResolved&) const { return M::incident_resolved; }
  M operator()(const ReviewClosed&) const { return M::review_closed; }
  M operator()(const ReviewOpened&) const { return M::review_opened; }
  M operator()(const RollbackStarted&) const { return M::rollback_started; }
  M operator()(const StepIntended&) const { return M::step_started; }
  M operator()(const StepEnded& p) const {
    switch (attempt_end(p)) {
    case AttemptEnd::succeeded: return M::step_done;
    case AttemptEnd::unknown: return M::step_unknown;
    case AttemptEnd::failed:
    case AttemptEnd::not_run: break;
    }
    return M::step_failed;
  }
  M operator()(const StepHeldBack&) const { return M::step_held_back; }
  M operator()(const WatchInterrupted&) const { return M::watch_interrupted; }
  M operator()(const ProcedureEnded& p) const {
    if (p.procedure == kPlan) return p.succeeded ? M::plan_done : M::plan_failed;
    return p.succeeded ? M::rollback_done : M::rollback_failed;
  }
  M operator()(const ProcedureRetried& p) const { return p.procedure == kPlan ? M::plan_retried : M::rollback_resumed; }
  M operator()(const DeploymentOpened&) const { return M::deployment_opened; }
  M operator()(const ApprovalGiven&) const { return M::approval_given; }
  M operator()(const ApprovalRevoked&) const { return M::approval_revoked; }
  M operator()(const ItemsChecked&) const { return M::items_checked; }
  M operator()(const GateRefused&) const { return M::gate_refused; }
  M operator()(const GateOverridden&) const { return M::gate_overridden; }
  M operator()(const PlanPaused&) const { return M::plan_paused; }
  M operator()(const PlanResumed&) const { return M::plan_resumed; }
  M operator()(const StepSkipped&) const { return M::step_skipped; }
  M operator()(const BaselineMeasured&) const { return M::baseline_measured; }
  M operator()(const HoldSet&) const { return M::hold_set; }
  M operator()(const HoldEnded&) const { return M::hold_ended; }
  M operator()(const SignalRaised&) const { return M::signal_raised; }
  M operator()(const ServiceLocked&) const { return M::service_locked; }
  M operator()(const ServiceUnlocked&) const { return M::service_unlocked; }
  M operator()(const VersionQuarantined&) const { return M::version_quarantined; }
  M operator()(const QuarantineReleased&) const { return M::quarantine_released; }
  M operator()(const NoticeQueued&) const { return M::notice_queued; }
  M operator()(const NoticeEnded& p) const { return p.delivered ? M::notice_delivered : M::notice_given_up; }
  M operator()(const ChannelTested& p) const { return p.taken ? M::channel_works : M::channel_fails; }
  M operator()(const StateSummed&) const { return M::state_summed; }
  M operator()(const JournalCompacted&) const { return M::journal_compacted; }
  M operator()(const GameDayHeld& p) const { return p.works ? M::game_day_passed : M::game_day_failed; }
};

} // namespace

std::span<const MessageId> message_ids() { return kIds; }

Message message_of(const Payload& payload) { return std::visit(Namer{}, payload); }

std::pair<std::string, std::string> message_field(Message message) {
  return {"MESSAGE_ID", std::string(kIds[static_cast<std::size_t>(message)].id)};
}

} // namespace backstop
