#pragma once
#include "daemon/config/steps.hpp"
#include "rules/band.hpp"
#include "rules/calendar.hpp"
#include "rules/time.hpp"
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What must be given before a deployment may begin.
namespace backstop::config {

/// Checked by a person of the role, who signs it.
struct SignOff {};
/// Exit 0: given. Run as a step of the service is.
struct CommandItem {
  RunStep run;
};
/// The newest reading of an indicator is on this side of the limit ("< 1%").
struct IndicatorItem {
  std::string indicator;
  Limit limit;
};
/// Every target of this source answers.
struct ProbeItem {
  std::string source;
};
struct ChecklistItem {
  std::string name;  ///< "tests-passing": as it is signed
  std::string title; ///< for people
  std::string group; ///< heading: "Code readiness"
  std::string role;  ///< who owns it
  std::variant<SignOff, CommandItem, IndicatorItem, ProbeItem> kind;
  [[nodiscard]] bool automatic() const { return !std::holds_alternative<SignOff>(kind); }
};
/// A role that must agree, and to what.
struct ApprovalRole {
  std::string role, title;
};
/// No deployment begins in it.
struct Freeze {
  std::string from, to; ///< local days, "2026-12-20", both included
  std::string why;
};
struct Gates {
  std::vector<ChecklistItem> checklist;
  std::vector<ApprovalRole> approvals; ///< in the order in which they are given
  bool ordered = true;
  bool four_eyes = true;           ///< whoever requested it signs nothing
  bool one_role_per_person = true; ///< nobody signs for two roles
  bool monitoring = true;          ///< every enforced indicator had data for the whole baseline window
  std::vector<Calendar> windows;   ///< it begins within one of them; empty: at any time
  std::vector<Freeze> freezes;
};

} // namespace backstop::config
