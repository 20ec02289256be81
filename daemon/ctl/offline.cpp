#include "collectors/metrics_report.hpp"
#include "daemon/config/read.hpp"
#include "daemon/config/service_key.hpp"
#include "daemon/config/show.hpp"
#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/render.hpp"
#include "daemon/ctl/terminal.hpp"
#include "daemon/frozen_config.hpp"
#include "daemon/io/files.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "daemon/ledger.hpp"
#include "daemon/views.hpp"
#include <iostream>
#include <iterator>

namespace backstop::ctl {
namespace {

constexpr std::size_t kMetricsBytes = std::size_t{256} << 20;

Json offline_status(const State& state, const std::string& only) {
  Json doc = Json::object();
  doc.set("acts", true).set("degraded", "").set("offline", true).set("last_record", wall(state.last_time));
  Json services = Json::array();
  for (const auto& [key, service] : state.services) {
    if (only.empty() || key == only || config::service_in(key) == only)
      services.push(service_view(state, nullptr, key, state.last_time));
  }
  Json incidents = Json::array();
  for (const auto& [id, incident] : state.incidents) {
    if (incident.needs_care()) incidents.push(incident_view(state, incident, false));
  }
  return doc.set("services", std::move(services)).set("incidents", std::move(incidents));
}

Json offline_document(const State& state, const Offline& offline) {
  if (offline.page == Page::status) return offline_status(state, offline.id);
  Json doc = Json::object();
  if (offline.page == Page::incident) {
    const auto it = state.incidents.find(offline.id);
    return it == state.incidents.end() ? Json() : doc.set("incident", incident_view(state, it->second, true));
  }
  Json list = Json::array();
  for (auto it = state.incident_order.rbegin(); it != state.incident_order.rend(); ++it)
    list.push(incident_view(state, state.incidents.at(*it), false));
  return doc.set("incidents", std::move(list));
}

Json faults_json(const std::vector<config::Fault>& faults) {
  Json list = Json::array();
  for (const config::Fault& f : faults)
    list.push(Json::object()
                  .set("file", f.file)
                  .set("line", f.line)
                  .set("column", f.column)
                  .set("what", f.what)
                  .set("how", f.how));
  return list;
}

} // namespace

Said run_offline(const Invocation& invocation, const Offline& offline) {
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open_read_only(offline.journal);
  if (!journal) return wrong(journal.error().what);
  Fold fold(read_frozen);
  const Status read = fold_journal(**journal, fold);
  Said said;
  if (!read) said = wrong(read.error().what + "; shown is what came before it");
  const Json doc = offline_document(fold.state(), offline);
  if (doc.is_null()) return wrong("incident '" + offline.id + "' is not in " + offline.journal);
  if (invocation.json) {
    said.out = doc.dump(2) + "\n";
    return said;
  }
  if (offline.page == Page::status)
    said.out = "from the journal, without the daemon; last record " + day_and_clock(wall(fold.state().last_time)) +
               "\nfirst start the daemon: what is named below asks it, but for `incident show ID --offline`\n\n";
  said.out += render(offline.page, printable(doc), terminal_style(invocation));
  return said;
}

Said run_check_config(const Invocation& invocation, const CheckConfig& check) {
  std::vector<config::Fault> faults, warnings;
  std::string shown;
  if (!check.main_file.empty()) {
    const config::LoadOutcome loaded = config::load(check.main_file, config_files());
    faults = loaded.faults;
    warnings = loaded.warnings;
    if (loaded.ok()) shown = config::show_config(loaded.config);
  }
  for (const std::string& file : check.service_files) {
    const Result<std::string> text = read_file(file, std::size_t{1} << 20);
    if (!text) {
      const std::string why = text.error().what;
      faults.push_back({file, 0, 0, why.rfind(file + ": ", 0) == 0 ? why.substr(file.size() + 2) : why, ""});
      continue;
    }
    const config::ServiceOutcome outcome = config::load_service(*text, file);
    faults.insert(faults.end(), outcome.faults.begin(), outcome.faults.end());
    warnings.insert(warnings.end(), outcome.warnings.begin(), outcome.warnings.end());
    if (outcome.ok()) shown += config::show_service(outcome.service);
  }
  Said said{faults.empty() ? kDone : kInputError, "", ""};
  if (invocation.json) {
    said.out = Json::object()
                   .set("ok", faults.empty())
                   .set("faults", faults_json(faults))
                   .set("warnings", faults_json(warnings))
                   .set("resolved", shown)
                   .dump(2) +
               "\n";
    return said;
  }
  said.err = config::show_faults(faults) + config::show_faults(warnings, "warning: ");
  if (faults.empty())
    said.out = shown;
  else
    said.err += complaint(std::to_string(faults.size()) + (faults.size() == 1 ? " fault" : " faults"));
  return said;
}

Said run_check_metrics(const Invocation& invocation, const CheckMetrics& check) {
  std::string text;
  if (check.file.empty()) {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    Result<std::string> read = read_file(check.file, kMetricsBytes);
    if (!read) return wrong(read.error().what);
    text = *std::move(read);
  }
  const MetricsReport report = check_metrics(text, check.openmetrics ? Format::openmetrics : Format::prometheus);
  Said said{report.valid ? kDone : kInputError, "", ""};
  if (invocation.json) {
    Json doc = Json::object();
    doc.set("valid", report.valid).set("line", static_cast<std::int64_t>(report.line)).set("reason", report.reason);
    doc.set("families", static_cast<std::int64_t>(report.families))
        .set("samples", static_cast<std::int64_t>(report.samples));
    said.out = doc.dump(2) + "\n";
  } else if (report.valid) {
    said.out =
        "valid: " + std::to_string(report.families) + " families, " + std::to_string(report.samples) + " samples\n";
  } else {
    const std::string where = check.file.empty() ? "line " : check.file + ":";
    said.out = "not valid: " + where + std::to_string(report.line) + ": " + report.reason + "\n";
  }
  return said;
}

} // namespace backstop::ctl
