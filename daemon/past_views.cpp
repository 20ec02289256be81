#include "daemon/past_views.hpp"
#include "daemon/records.hpp"
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace backstop {
namespace {

constexpr std::size_t kValues = 20'000;        ///< of a page
constexpr std::uint64_t kRecords = 200;        ///< that are looked at for a page
constexpr std::uint64_t kRecordsBefore = 2000; ///< a deployment: restarts and targets in the half hour before it

/// Whether a replay of the deployment wants to know.
bool bears_on(const DeploymentState& d, const Payload& payload) {
  const auto is_of = [&d](const std::string& key) { return key == d.service || key == "*"; };
  return std::visit(
      [&]<class P>(const P& p) {
        if constexpr (std::is_same_v<P, DaemonStarted> || std::is_same_v<P, DaemonStopped>)
          return true;
        else if constexpr (std::is_same_v<P, HoldSet> || std::is_same_v<P, HoldEnded> ||
                           std::is_same_v<P, TargetsChanged>)
          return is_of(p.service);
        else if constexpr (std::is_same_v<P, StepIntended>) // the watches of its plan, in which the rules act
          return p.deployment == d.id && p.purpose == "bake";
        else if constexpr (
            requires { p.deployment; } && !requires { p.procedure; })
          return p.deployment == d.id;
        else if constexpr (std::is_same_v<P, DeploymentRequested> || std::is_same_v<P, DeploymentBegun> ||
                           std::is_same_v<P, DeploymentFinished> || std::is_same_v<P, DeploymentEnded>)
          return p.id == d.id;
        else
          return false;
      },
      payload);
}

} // namespace

Result<Json> samples_page(FlightRecorder& flight, const DeploymentState& d, Time from) {
  const auto [first, end] = FlightRecorder::span_of(d);
  const Result<std::vector<KeptScrape>> found = flight.scrapes(d.service, std::max(first, from), end, kValues);
  if (!found) return found.error();
  std::map<std::string_view, std::int64_t> numbers;
  Json series = Json::array(), scrapes = Json::array();
  std::size_t taken = 0;
  for (const KeptScrape& s : *found) {
    Json ids = Json::array(), values = Json::array();
    for (const KeptScrape::Value& v : s.values) {
      const auto [at, fresh] = numbers.emplace(v.series.view(), static_cast<std::int64_t>(numbers.size()));
      if (fresh) series.push(std::string(v.series.view()));
      ids.push(at->second), values.push(v.value);
    }
    taken += 1 + s.values.size();
    scrapes.push(Json::object()
                     .set("t_us", to_us(s.t))
                     .set("took_us", std::int64_t{s.took.count()})
                     .set("source", s.of->source)
                     .set("target", s.of->target)
                     .set("why", s.ok ? Json() : Json(s.why))
                     .set("series", std::move(ids))
                     .set("values", std::move(values)));
  }
  Json page = Json::object();
  page.set("scrapes", std::move(scrapes)).set("series", std::move(series));
  page.set("next_us", taken < kValues ? Json() : Json(to_us(found->back().t) + 1));
  return page;
}

Result<Time> read_samples_page(const Json& page, const std::string& service, std::vector<KeptScrape>& scrapes) {
  const Json::Array* texts = page["series"].as_array();
  const Json::Array* list = page["scrapes"].as_array();
  const Error wrong = fail(Errc::invalid, "this is no page of samples");
  if (!texts || !list) return wrong;
  std::vector<SharedText> series;
  for (const Json& text : *texts) series.emplace_back(text.as_string() ? *text.as_string() : "");
  for (const Json& one : *list) {
    KeptScrape s;
    s.of = std::make_shared<ScrapedTarget>(ScrapedTarget{service, one.text("source"), one.text("target")});
    s.t = time_from_us(one.integer("t_us"));
    s.took = Duration{one.integer("took_us")};
    s.ok = one["why"].is_null();
    s.why = one.text("why");
    const Json::Array* ids = one["series"].as_array();
    const Json::Array* values = one["values"].as_array();
    if (!ids || !values || ids->size() != values->size()) return wrong;
    for (std::size_t i = 0; i < ids->size(); ++i) {
      const std::int64_t* id = (*ids)[i].as_int();
      double value = 0;
      if (!id || *id < 0 || static_cast<std::size_t>(*id) >= series.size() || !(*values)[i].as_number(value))
        return wrong;
      s.values.push_back({series[static_cast<std::size_t>(*id)], value});
    }
    scrapes.push_back(std::move(s));
  }
  return time_from_us(page.integer("next_us"));
}

namespace {

/// A page of those records behind `after`, and of [first, end), that `wanted` chooses.
Result<Json> page_of(const Journal& journal, std::uint64_t after, Time first, Time end,
                     const std::function<bool(const Payload&)>& wanted) {
  std::uint64_t looked = 0, last = after;
  bool over = false;
  Json records = Json::array();
  const Error enough = fail(Errc::refused, "enough");
  const Status read = journal.read(after, [&](const Record& record) -> Status {
    over = record.time > end;
    if (over || ++looked > kRecords) return enough;
    last = record.seq;
    if (record.time < first) return {};
    const Result<Payload> payload = decode(record);
    if (!payload) return payload.error();
    if (!wanted(*payload)) return {};
    records.push(Json::object()
                     .set("seq", record.seq)
                     .set("time_us", to_us(record.time))
                     .set("boot", record.boot)
                     .set("actor", record.actor)
                     .set("type", record.type)
                     .set("version", record.version)
                     .set("payload", record.payload));
    return {};
  });
  const bool more = looked > kRecords && !over;
  if (!read && !over && !more) return read.error();
  return Json::object().set("records", std::move(records)).set("next", more ? Json(last) : Json());
}

/// The deployment, its rollback and its incidents, and until when something is told of them.
struct Subjects {
  const DeploymentState& deployment;
  std::set<std::string> ids;
  Time until = kNever;
};

Subjects subjects_of(const State& state, const DeploymentState& d) {
  constexpr Duration kNotices = std::chrono::hours(1); ///< that are sent of the end
  Subjects subjects{d, {d.id}, d.ended == Time{} ? kNever : d.ended};
  if (d.rollback) subjects.ids.insert(d.rollback->rollback);
  for (const auto& [id, incident] : state.incidents) {
    if (incident.deployment != d.id) continue;
    subjects.ids.insert(id);
    subjects.until = incident.open()
                         ? kNever
                         : std::max({subjects.until, incident.resolved, incident.acknowledged_at, incident.reviewed});
  }
  if (subjects.until != kNever) subjects.until += kNotices;
  return subjects;
}

/// Whether a report on it tells of this.
bool tells_of(const Subjects& subjects, const Payload& payload) {
  if (bears_on(subjects.deployment, payload)) return true;
  if (const auto* unlocked = std::get_if<ServiceUnlocked>(&payload))
    return unlocked->service == subjects.deployment.service;
  const auto one = [&](const std::string& id) { return subjects.ids.contains(id); };
  return std::visit(
      [&]<class P>(const P& p) {
        if constexpr (requires { p.key; })
          return one(p.key.substr(0, p.key.find('/')));
        else if constexpr (requires { p.deployment; })
          return one(p.deployment);
        else if constexpr (requires { p.incident; })
          return one(p.incident);
        else if constexpr (requires { p.id; })
          return one(p.id);
        else
          return false;
      },
      payload);
}

} // namespace

Result<Json> records_page(const Journal& journal, const DeploymentState& d, std::uint64_t after) {
  const std::pair<Time, Time> span = FlightRecorder::span_of(d);
  if (after == 0) after = d.record > kRecordsBefore ? d.record - kRecordsBefore : 0;
  Result<Json> page =
      page_of(journal, after, span.first, span.second, [&](const Payload& payload) { return bears_on(d, payload); });
  if (!page) return page;
  Json held = Json::object();
  for (const auto& [key, until] : d.held) held.set(key, to_us(until));
  return page->set("held", held);
}

Result<Json> told_page(const Journal& journal, const State& state, const DeploymentState& d, std::uint64_t after) {
  const Subjects subjects = subjects_of(state, d);
  if (after == 0 && d.record > 0) after = d.record - 1;
  return page_of(journal, after, d.requested, subjects.until,
                 [&](const Payload& payload) { return tells_of(subjects, payload); });
}

const DeploymentState* told_deployment(const State& state, const std::string& id, std::string& incident) {
  const auto named = state.incidents.find(id);
  incident = named == state.incidents.end() ? "" : id;
  const DeploymentState* d = state.deployment(incident.empty() ? id : named->second.deployment);
  return d && !d->rolls_back.empty() ? state.deployment(d->rolls_back) : d;
}

Result<std::uint64_t> read_records_page(const Json& page, std::vector<Record>& records) {
  const Json::Array* list = page["records"].as_array();
  if (!list) return fail(Errc::invalid, "this is no page of records");
  for (const Json& one : *list) {
    Record record;
    record.seq = static_cast<std::uint64_t>(one.integer("seq"));
    record.time = time_from_us(one.integer("time_us"));
    record.boot = one.text("boot");
    record.actor = one.text("actor");
    record.type = one.text("type");
    record.version = static_cast<int>(one.integer("version", 1));
    record.payload = one["payload"];
    records.push_back(std::move(record));
  }
  return static_cast<std::uint64_t>(page.integer("next"));
}

} // namespace backstop
