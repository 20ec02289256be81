#pragma once
#include "daemon/records.hpp"
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// What a line of the log is about, for a person who filters the host's journal, and for the message catalog
/// (systemd/backstop.catalog), which says of each what it means and what to do.
namespace backstop {

enum class Message {
  // records
  daemon_started,
  daemon_stopped,
  config_applied,
  config_refused,
  version_adopted,
  deployment_requested,
  deployment_refused,
  deployment_begun,
  deployment_finished,
  version_verified_good,
  deployment_kept,
  deployment_undecided,
  deployment_ended,
  level_changed,
  rollback_decided,
  rollback_withheld,
  decision_made,
  confirmation_asked,
  confirmation_answered,
  incident_opened,
  incident_escalated,
  incident_acknowledged,
  review_closed,
  incident_resolved,
  review_opened,
  rollback_started,
  step_started,
  step_done,
  step_failed,
  step_unknown,
  rollback_done,
  rollback_failed,
  rollback_resumed,
  hold_set,
  hold_ended,
  signal_raised,
  service_locked,
  service_unlocked,
  version_quarantined,
  quarantine_released,
  game_day_passed,
  game_day_failed,
  notice_queued,
  notice_delivered,
  notice_given_up,
  shutdown_announced,
  shutdown_called_off,
  step_held_back,
  watch_interrupted,
  targets_changed,
  channel_works,
  channel_fails,
  state_summed,
  journal_compacted,
  deployment_opened,
  approval_given,
  approval_revoked,
  items_checked,
  gate_refused,
  gate_overridden,
  plan_paused,
  plan_resumed,
  step_skipped,
  plan_done,
  plan_failed,
  plan_retried,
  baseline_measured,
  // lines that are no record
  observe_only,
  journal_created,
  journal_end,
  journal_unwritable,
  journal_writable,
  records_lost,
  service_not_watched,
  service_removed,
  steps_cannot_run,
  timers_not_kept,
  samples_not_kept,
  targets_not_found,
  deadman_silent,
  deadman_resumed,
  deadman_not_taken,
};

/// A name for people, and 32 hexadecimal digits as journald knows them. Neither ever changes, and no id is used again
/// for something else: there are filters and alarms outside that know them.
struct MessageId {
  Message message;
  std::string_view name;
  std::string_view id;
};
/// All of them, in the order of Message.
std::span<const MessageId> message_ids();

/// What a record is about. Where records of one type mean different things to a person on call, there are several.
Message message_of(const Payload& payload);

/// The field that makes a line of the log findable by its kind: MESSAGE_ID and the id.
std::pair<std::string, std::string> message_field(Message message);

} // namespace backstop
