#include "daemon/config/service_key.hpp"
#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/layout.hpp"
#include "daemon/ctl/render.hpp"
#include "daemon/fold.hpp"
#include "daemon/frozen_config.hpp"
#include "daemon/io/control_client.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "daemon/report/delivery.hpp"
#include "daemon/report/times.hpp"
#include "daemon/views.hpp"
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <map>

namespace backstop::ctl {
namespace {

constexpr Duration kAnswerTimeout = std::chrono::seconds(30);

/// {"deployments": [...], "incidents": [...]}, as the control API gives them.
Result<Json> documents_of(const Stats& wanted) {
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open_read_only(wanted.journal);
  if (!journal) return journal.error();
  Fold fold(read_frozen);
  const Status read = fold_journal(**journal, fold);
  if (!read) return read.error();
  Json deployments = Json::array(), incidents = Json::array();
  for (const auto& [id, d] : fold.state().deployments) deployments.push(deployment_view(fold.state(), d, false));
  for (const auto& [id, i] : fold.state().incidents) incidents.push(incident_view(fold.state(), i, false));
  return Json::object().set("deployments", std::move(deployments)).set("incidents", std::move(incidents));
}

/// Either the document of GET `path`, or what to say.
Said ask(const Invocation& invocation, const std::string& path, Json& document) {
  const auto answer = ControlClient(invocation.socket).request("GET", path, "", kAnswerTimeout);
  if (!answer || answer->status >= 400) return said_of(invocation, Call{}, answer, {});
  Result<Json> read = Json::parse(answer->body);
  if (!read) return {kUnreachable, "", complaint("the daemon's answer is not understood: " + read.error().what)};
  document = *std::move(read);
  return {};
}

std::vector<report::Delivered> delivered_of(const Json& document, const std::string& only) {
  std::map<std::string, Time> opened; // by deployment, the first
  for (const Json& i : list(document["incidents"])) {
    const Time at = time_of(i["opened"]);
    Time& first = opened[i.text("deployment")];
    if (first == Time{} || at < first) first = at;
  }
  std::vector<report::Delivered> out;
  for (const Json& d : list(document["deployments"])) {
    const std::string key = d.text("service"), phase = d.text("phase");
    if (!d.text("rolls_back").empty()) continue;
    if (!only.empty() && key != only && config::service_in(key) != only) continue;
    report::Delivered one;
    one.service = key;
    one.out = time_of(d["finished"]);
    one.failed = !d.text("rollback").empty();
    if (const auto i = opened.find(d.text("id")); i != opened.end()) one.incident = i->second;
    if (phase == "rolled_back_verified") one.recovered = time_of(d["ended"]);
    out.push_back(std::move(one));
  }
  return out;
}

Json json_of(const std::vector<report::Delivery>& deliveries, int days) {
  const auto seconds = [](const std::optional<Duration>& d) { return d ? Json(to_seconds(*d)) : Json(); };
  Json services = Json::array();
  for (const report::Delivery& d : deliveries)
    services.push(Json::object()
                      .set("service", d.service)
                      .set("deployments", static_cast<std::int64_t>(d.deployments))
                      .set("per_week", d.per_week)
                      .set("failed", static_cast<std::int64_t>(d.failed))
                      .set("fail_rate", d.fail_rate ? Json(*d.fail_rate) : Json())
                      .set("recovered", static_cast<std::int64_t>(d.recovered))
                      .set("recovery_median_s", seconds(d.recovery_median))
                      .set("recovery_longest_s", seconds(d.recovery_longest)));
  return Json::object().set("days", days).set("services", std::move(services));
}

std::string page_of(const std::vector<report::Delivery>& deliveries, int days) {
  std::vector<std::vector<std::string>> rows{
      {"service", "deployments", "a week", "failed", "rate", "mended in (median)", "longest"}};
  const auto length = [](const std::optional<Duration>& d) { return d ? report::length_of(*d) : std::string("-"); };
  for (const report::Delivery& d : deliveries)
    rows.push_back({printable_text(d.service), std::to_string(d.deployments),
                    fmt::format("{:.{}f}", d.per_week, d.per_week < 1 ? 2 : 1), std::to_string(d.failed),
                    d.fail_rate ? show(*d.fail_rate, Unit::ratio) : "-", length(d.recovery_median),
                    length(d.recovery_longest)});
  const std::string of = "of the last " + std::to_string(days) + (days == 1 ? " day" : " days");
  return rows.size() == 1 ? "no deployment " + of + "\n" : of + ":\n" + table(rows, "  ");
}

} // namespace

Said run_stats(const Invocation& invocation, const Stats& wanted) {
  Json document = Json::object();
  if (wanted.offline) {
    Result<Json> read = documents_of(wanted);
    if (!read) return wrong(read.error().what);
    document = *std::move(read);
  } else {
    Json incidents;
    if (Said fault = ask(invocation, "/v1/deployments", document); fault.exit_code != kDone) return fault;
    if (Said fault = ask(invocation, "/v1/incidents", incidents); fault.exit_code != kDone) return fault;
    document.set("incidents", incidents["incidents"]);
  }
  const Time now{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
  const std::vector<report::Delivery> deliveries =
      report::deliveries_of(delivered_of(document, wanted.service), now - std::chrono::hours(24) * wanted.days,
                            now + std::chrono::seconds(1));
  return {kDone, invocation.json ? json_of(deliveries, wanted.days).dump(2) + "\n" : page_of(deliveries, wanted.days),
          ""};
}

} // namespace backstop::ctl
