#pragma once
#include "daemon/fold.hpp"
#include "daemon/json.hpp"
#include "daemon/report/course.hpp"
#include "daemon/report/document.hpp"
#include "daemon/report/figures.hpp"
#include "daemon/report/story.hpp"
#include "daemon/report/suspects.hpp"
#include "daemon/report/times.hpp"
#include "daemon/seams.hpp"
#include "rules/result.hpp"
#include <string>
#include <vector>

/// The log of a deployment and the review of an incident, from what was recorded.
namespace backstop::report {

struct Material {
  std::string deployment;
  std::string incident;            ///< empty: the log of the deployment is asked for
  std::vector<Record> records;     ///< of the deployment, in order of the journal
  std::vector<KeptScrape> scrapes; ///< in order of time; may be empty
  std::string no_scrapes;          ///< why there are none
};

/// All that a report says.
struct Report {
  std::string incident; ///< as in Material
  Story story;
  Courses courses;
  std::vector<Suspect> suspects;
  Figures figures;
  Judgement judgement;
};

/// Errors: as story_of(); that the frozen configuration does not read any more is none: the report goes without pictures.
Result<Report> report_of(const Material& material, const ReadFrozen& read_frozen);

/// The review of its incident, or else the log of its deployment.
Document document_of(const Report& report, const LocalTime& local);
/// The same facts, described by packaging/schema/report.schema.json.
Json json_of(const Report& report);

/// One line that says the whole thing: "checkout/production: v1.2.3 was rolled back to v1.2.2".
std::string headline_of(const Report& report);
Document incident_review(const Report& report, const LocalTime& local);
Document deployment_log(const Report& report, const LocalTime& local);

} // namespace backstop::report
