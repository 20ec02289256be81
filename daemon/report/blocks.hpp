#pragma once
#include "daemon/report/document.hpp"
#include "daemon/report/picture.hpp"
#include "daemon/report/report.hpp"

/// Parts that several reports have.
namespace backstop::report {

/// Which times the report tells, for the reader to know whose clock it is.
Paragraph about_times(const Report& report, const LocalTime& local);
Table timeline_of(const Report& report, const LocalTime& local);
/// All indicators, those that moved first before the others.
Pictures pictures_of(const Report& report);
Frame frame_of(const Report& report);
Table evidence_of(const Report& report, const DecisionMade& decision);
/// What was run, and what it printed.
std::vector<Block> steps_of(const Report& report, const std::string& procedure);
Table notices_of(const Report& report);
/// Where every figure comes from.
Facts sources_of(const Report& report);

/// Of a deployment as a whole: bad where it did not end well.
Tone tone_of(const Story& story);
/// Times, requests and reports of users, then each indicator before and after; where there are no readings, why.
std::vector<Block> measured_of(const Report& report);
/// What runs now that did not before.
Items changes_of(const Report& report);
/// Who did and decided what, and lines for those who sign.
Table sign_off(const Report& report);

Unit unit_of(const Report& report, const std::string& indicator);
/// "critical > 5%, alert 2% - 5%, normal < 1%" and what criteria say; empty: nothing judges it.
std::string limits_text(const Course& course);
/// The middle of the readings in [from, to]; none where there are none.
std::optional<double> median_of(const Course& course, Time from, Time to);
/// The worst of them.
std::optional<double> worst_of(const Course& course, Time from, Time to);
/// "320 of 1600 requests (20%)"; empty where none was counted.
std::string requests_text(const Requests& requests);

} // namespace backstop::report
