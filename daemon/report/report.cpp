#include "daemon/report/report.hpp"
#include <utility>

namespace backstop::report {

Result<Report> report_of(const Material& material, const ReadFrozen& read_frozen) {
  Result<Story> story = story_of(material.deployment, material.records);
  if (!story) return story.error();
  Report report;
  report.incident = material.incident;
  report.story = *std::move(story);
  const Result<config::Service> service = read_frozen(report.story.config_text, report.story.service);
  Result<Courses> courses =
      service ? courses_of(report.story, *service, material.scrapes) : Result<Courses>(service.error());
  if (courses)
    report.courses = *std::move(courses);
  else
    report.courses.missing = "what was kept cannot be read: " + courses.error().what;
  if (!report.courses.missing.empty() && courses && !material.no_scrapes.empty())
    report.courses.missing = material.no_scrapes;
  report.suspects = suspects_of(report.story, report.courses);
  report.figures = figures_of(report.story, report.suspects);
  report.judgement = judgement_of(report.story, report.courses, report.figures);
  return report;
}

Document document_of(const Report& report, const LocalTime& local) {
  return report.incident.empty() ? deployment_log(report, local) : incident_review(report, local);
}

std::string headline_of(const Report& report) {
  const Story& s = report.story;
  const std::string what = s.service + ": " + s.version;
  if (s.outcome == "rolled_back_verified") return what + " was rolled back to " + s.previous;
  if (s.outcome == "rollback_failed") return s.service + ": the rollback of " + s.version + " FAILED";
  if (s.outcome == "succeeded") return what + " was kept";
  if (s.outcome == "undecided") return what + " was left undecided";
  if (s.outcome == "aborted") return what + " was aborted";
  if (s.outcome == "superseded") return what + " was superseded";
  if (s.outcome == "refused") return what + " was refused";
  if (s.rollback) return what + " is being rolled back to " + s.previous;
  if (!report.incident.empty()) return what + " has an incident, and was not rolled back";
  return what + " is being watched";
}

} // namespace backstop::report
