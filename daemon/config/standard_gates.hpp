#pragma once
#include <array>
#include <string_view>

namespace backstop::config {

/// An item of the built-in checklist (`checklist: standard`).
struct StandardItem {
  std::string_view name, title;
};
/// Its items by their headings, each group of one role.
struct StandardGroup {
  std::string_view title, role;
  std::array<StandardItem, 6> items;
};

inline constexpr std::array<StandardGroup, 5> kStandardChecklist{{
    {"Code readiness",
     "tech-lead",
     {{{"tests-passing", "All tests pass: unit, integration, end to end"},
       {"code-reviewed", "The code was reviewed and approved"},
       {"comments-resolved", "No review comment is open"},
       {"coverage", "Test coverage is 80% or more"},
       {"benchmarks-met", "Performance benchmarks are met"},
       {"security-reviewed", "The security review passed"}}}},
    {"Release readiness",
     "product-owner",
     {{{"spec-complete", "The feature's specification is complete"},
       {"acceptance-verified", "Acceptance criteria are verified"},
       {"documentation-updated", "Documentation is up to date"},
       {"user-guide", "The user guide is ready"},
       {"changelog", "The changelog has its entry"},
       {"stakeholders-agree", "Stakeholders have signed off"}}}},
    {"Security and compliance",
     "security",
     {{{"security-audit", "The security audit passed"},
       {"no-serious-vulnerabilities", "No vulnerability of high or critical risk"},
       {"secrets-managed", "Secrets are managed properly"},
       {"compliance-verified", "Compliance requirements are verified"},
       {"data-protection", "Data protection is verified"},
       {"backup-tested", "Backup and recovery were tested"}}}},
    {"Infrastructure",
     "devops",
     {{{"environment-verified", "The target environment is verified"},
       {"migrations-prepared", "Database migrations are prepared"},
       {"configuration-reviewed", "The configuration was reviewed"},
       {"capacity-verified", "There is capacity for the load"},
       {"monitoring-configured", "Monitoring is configured"},
       {"alerts-tested", "Alerting rules were tested"}}}},
    {"Operations",
     "scrum-master",
     {{{"window-scheduled", "A window for the deployment is scheduled"},
       {"stakeholders-notified", "Stakeholders are notified"},
       {"support-briefed", "The support team is briefed"},
       {"rollback-documented", "The way back is documented"},
       {"communication-planned", "The communication plan is ready"},
       {"incident-plan-active", "The incident response plan is active"}}}},
}};

struct StandardApproval {
  std::string_view role, title;
};
/// `approvals: standard`, in the order in which they are given.
inline constexpr std::array<StandardApproval, 5> kStandardApprovals{{
    {"devops", "Execution of the deployment"},
    {"tech-lead", "Approval before the deployment"},
    {"security", "Security clearance"},
    {"scrum-master", "Go or no-go"},
    {"product-owner", "Business sign-off"},
}};

} // namespace backstop::config
