#include "daemon/config/show.hpp"
#include "daemon/config/lines.hpp"
#include "daemon/config/quantities.hpp"
#include "daemon/config/show_parts.hpp"
#include <fmt/format.h>

namespace backstop::config {

namespace {

void show_discovery(std::vector<std::string> words, const Discovery& discovery, bool tcp, Lines& out) {
  words.push_back("looked at every " + show_duration(discovery.refresh));
  if (!tcp) words.push_back(discovery.scheme + "://..." + discovery.path);
  for (const auto& [name, value] : discovery.labels) words.push_back(fmt::format("{}={}", name, value));
  out.line(4, words);
}

void show_targets(const TargetList& list, bool tcp, Lines& out) {
  for (const TargetConfig& target : list.targets) {
    std::string text = target.name();
    if (!target.unix_socket.empty() && !target.url.empty()) text += " via " + target.unix_socket;
    for (const auto& [name, value] : target.labels) text += fmt::format(" {}={}", name, value);
    out.line(4, {text});
  }
  if (list.file_sd)
    show_discovery({fmt::format("those in {}", fmt::join(list.file_sd->files, ", "))}, *list.file_sd, tcp, out);
  if (const auto& dns = list.dns_sd) {
    const std::string type = dns->type == DnsType::srv ? "SRV" : dns->type == DnsType::a ? "A" : "AAAA";
    std::vector<std::string> words{fmt::format("those of {} {}", type, fmt::join(dns->names, ", "))};
    if (dns->port != 0) words.push_back(fmt::format("port {}", dns->port));
    if (!dns->server.empty()) words.push_back("name server " + dns->server);
    show_discovery(std::move(words), *dns, tcp, out);
  }
}

void add_access(const HttpAccess& access, std::vector<std::string>& words) {
  if (!access.bearer.empty()) words.push_back("bearer from " + show_secret(access.bearer));
  if (!access.basic.empty()) words.push_back("basic from " + show_secret(access.basic));
  if (!access.ca_file.empty()) words.push_back("CA " + access.ca_file);
  if (!access.cert_file.empty()) words.push_back("client certificate " + access.cert_file);
}

/// Of headers the names alone: a value may be a secret all the same.
std::vector<std::string> http_words(const HttpSource& http) {
  std::vector<std::string> words{http.method};
  std::string statuses;
  for (const StatusRange& range : http.expect_status) statuses += (statuses.empty() ? "" : " or ") + show(range);
  words.push_back("expects " + statuses);
  if (!http.expect_body.empty()) words.push_back(fmt::format("body with \"{}\"", http.expect_body));
  for (const auto& [name, value] : http.headers) words.push_back("header " + name);
  add_access(http, words);
  return words;
}

std::vector<std::string> mysql_words(const MysqlSource& mysql) {
  std::vector<std::string> words{
      mysql.unix_socket.empty() ? fmt::format("host {} port {}", mysql.host, mysql.port) : mysql.unix_socket,
      "user " + mysql.user, mysql.password.empty() ? "no password" : "password from " + show_secret(mysql.password)};
  if (!mysql.ca_file.empty()) words.push_back("CA " + mysql.ca_file);
  if (!mysql.cert_file.empty()) words.push_back("client certificate " + mysql.cert_file);
  return words;
}

void show_source(const Source& source, Lines& out) {
  const std::string every = "every " + show_duration(source.interval);
  if (const auto* prometheus = std::get_if<PrometheusSource>(&source.kind)) {
    std::vector<std::string> words{"prometheus", every, "timeout " + show_duration(prometheus->timeout),
                                   "at most " + show_size(prometheus->max_bytes),
                                   fmt::format("{} series", prometheus->max_series)};
    add_access(*prometheus, words);
    out.entry(2, source.name, words);
  } else if (const auto* promql = std::get_if<PromqlSource>(&source.kind)) {
    std::vector<std::string> words{"promql", every, "timeout " + show_duration(promql->timeout), promql->url,
                                   fmt::format("at most {} series a query", promql->max_series)};
    if (promql->query_offset.count() > 0) words.push_back("as of " + show_duration(promql->query_offset) + " ago");
    for (const auto& [name, value] : promql->headers) words.push_back("header " + name);
    add_access(*promql, words);
    out.entry(2, source.name, words);
    for (const PromqlSource::Query& query : promql->queries) out.entry(4, query.name, {query.expression});
  } else if (const auto* host = std::get_if<HostSource>(&source.kind)) {
    out.entry(2, source.name, {"host", every, host->unit.empty() ? "no unit" : "unit " + host->unit});
  } else if (const auto* systemd = std::get_if<SystemdSource>(&source.kind)) {
    out.entry(2, source.name,
              {"systemd", every + " and at once when it changes", "timeout " + show_duration(systemd->timeout),
               "unit " + systemd->unit});
  } else if (const auto* journal = std::get_if<JournalLinesSource>(&source.kind)) {
    out.entry(2, source.name,
              {"journal", every, "timeout " + show_duration(journal->timeout), "unit " + journal->unit});
  } else if (const auto* postgresql = std::get_if<PostgresqlSource>(&source.kind)) {
    out.entry(2, source.name,
              {"postgresql", every, "timeout " + show_duration(postgresql->timeout),
               "dsn from " + show_secret(postgresql->dsn)});
  } else if (const auto* pgbouncer = std::get_if<PgbouncerSource>(&source.kind)) {
    out.entry(2, source.name,
              {"pgbouncer", every, "timeout " + show_duration(pgbouncer->timeout),
               "dsn from " + show_secret(pgbouncer->dsn)});
  } else if (const auto* mysql = std::get_if<MysqlSource>(&source.kind)) {
    std::vector<std::string> words{"mysql", every, "timeout " + show_duration(mysql->timeout)};
    for (std::string& word : mysql_words(*mysql)) words.push_back(std::move(word));
    out.entry(2, source.name, words);
  } else if (const auto* http = std::get_if<HttpSource>(&source.kind)) {
    std::vector<std::string> words{"http", every, "timeout " + show_duration(http->timeout)};
    for (std::string& word : http_words(*http)) words.push_back(std::move(word));
    out.entry(2, source.name, words);
  } else if (const auto* tcp = std::get_if<TcpSource>(&source.kind)) {
    out.entry(2, source.name, {"tcp", every, "timeout " + show_duration(tcp->timeout)});
  } else if (const auto* command = std::get_if<CommandSource>(&source.kind)) {
    out.entry(2, source.name,
              {"command", every, "timeout " + show_duration(command->timeout), show_argv(command->argv)});
  }
  if (const TargetList* list = targets_of(source))
    show_targets(*list, std::holds_alternative<TcpSource>(source.kind), out);
}

void show_detect(const Service& service, Lines& out) {
  const auto entry = [&](std::string text) { out.entry(0, "detect", {"a deployment is what " + std::move(text)}); };
  if (const auto* link = std::get_if<DetectLink>(&service.detect)) entry("sets " + link->link);
  if (const auto* series = std::get_if<DetectSeries>(&service.detect))
    entry(fmt::format("changes {} of {} in {}", series->label, series->series.text, series->source));
  if (const auto* restart = std::get_if<DetectRestart>(&service.detect))
    entry(fmt::format("starts the unit of {} with another version", restart->source));
}

void show_bake(const Service& service, Lines& out) {
  const Bake& bake = service.bake;
  out.entry(0, "bake",
            {"for " + show_duration(bake.duration), "good after " + show_duration(bake.good_after),
             bake.act_for ? "acts for " + show_duration(*bake.act_for) : "acts for all of it",
             fmt::format("deploy timeout {}: {}", show_duration(bake.deploy_timeout),
                         bake.rollback_on_deploy_timeout ? "rollback" : "alert")});
  out.entry(0, "baseline",
            {"window " + show_duration(service.baseline.window),
             fmt::format("at least {} readings", service.baseline.min_samples)});
  const Judge& judge = service.judge;
  if (judge.kind == JudgeKind::table)
    out.entry(0, "judge", {"table", "warm-up " + show_duration(judge.warm_up)});
  else
    out.entry(0, "judge",
              {"sequential", "warm-up " + show_duration(judge.warm_up),
               "sustain " + show_duration(judge.sequential.sustain), "severe " + show_duration(judge.sequential.severe),
               judge.learn == Learn::use       ? "learned times are used"
               : judge.learn == Learn::propose ? "learned times are proposed"
                                               : "learns nothing"});
  out.entry(0, "confirm", {"timeout " + show_duration(service.confirm_timeout)});
  out.entry(0, "version",
            {service.running_version                 ? "asked by " + show_command(*service.running_version)
             : !service.running_version_link.empty() ? "where " + service.running_version_link + " points"
                                                     : "never asked"});
  show_detect(service, out);
  if (!service.deploy_lock.empty()) out.entry(0, "lock", {service.deploy_lock});
  if (!service.depends_on.empty()) out.entry(0, "depends", service.depends_on);
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::string show_route(const Route& route) {
  std::string when;
  const auto add = [&](const char* what, const std::vector<std::string>& words) {
    if (!words.empty()) when += (when.empty() ? "" : ", ") + std::string(what) + " " + joined(words);
  };
  add("severity", route.severities);
  add("service", route.services);
  add("environment", route.environments);
  add("deployment", route.deployments);
  return when.empty() ? "anything" : when;
}

void show_notify(const Notify& notify, Lines& out) {
  for (const auto& [role, channels] : notify.roles) out.entry(0, "role", {role, joined(channels)});
  for (const Route& route : notify.routes)
    out.entry(0, "route", {show_route(route), "to " + (route.to.empty() ? "nobody" : joined(route.to))});
  for (const Escalation& step : notify.escalate)
    out.entry(0, "escalate", {"not acknowledged after " + show_duration(step.after), "to " + joined(step.to)});
  out.entry(
      0, "notify",
      {notify.group_wait == Duration{} ? "at once" : "what is not critical after " + show_duration(notify.group_wait),
       notify.repeat_interval == Duration{} ? "never again" : "again each " + show_duration(notify.repeat_interval)});
  for (const auto& [event, text] : notify.texts) out.entry(0, "text", {event, text});
}

} // namespace

std::string show_secret(const Secret& secret) {
  if (!secret.credential.empty()) return "credential " + secret.credential;
  if (!secret.file.empty()) return "file " + secret.file;
  if (secret.inline_value.empty()) return "none";
  // Even an inline value without a password may hold a token in its path: of a URL the host is enough to know it by.
  const std::string& text = secret.inline_value;
  const auto start = text.find("://");
  if (start == std::string::npos) return "this file";
  const auto end = text.find_first_of("/?#", start + 3);
  const auto host = text.substr(start + 3, end == std::string::npos ? end : end - start - 3);
  return "this file, host " + host.substr(host.rfind('@') + 1);
}

std::string show_daemon(const Daemon& daemon) {
  Lines out;
  out.entry(0, "control",
            {daemon.control.socket, "observers " + daemon.control.observers, "operators " + daemon.control.operators});
  for (const auto& [role, group] : daemon.roles) out.entry(0, "signs", {"as " + role, "members of " + group});
  out.entry(0, "metrics", {daemon.metrics_listen.empty() ? "none" : daemon.metrics_listen});
  show_page(daemon.page, out);
  out.entry(0, "journal", {daemon.journal_path, "keep " + show_duration(daemon.journal_keep)});
  out.entry(0, "recorder",
            {daemon.recorder_path, "keep " + show_duration(daemon.recorder_keep),
             "at most " + show_size(daemon.recorder_max_size)});
  out.entry(0, "limits",
            {fmt::format("{} rollback(s) at once", daemon.limits.concurrent_rollbacks),
             fmt::format("{} per {} and service", daemon.limits.rollbacks.count,
                         show_duration(daemon.limits.rollbacks.window))});
  out.entry(0, "services", {daemon.services_glob});
  for (const Channel& channel : daemon.channels) show_channel(channel, out);
  if (!daemon.channels.empty()) show_notify(daemon.notify, out);
  if (daemon.deadman)
    out.entry(0, "deadman",
              {"url from " + show_secret(daemon.deadman->url), "every " + show_duration(daemon.deadman->every)});
  return out.take();
}

std::string show_service(const Service& service) {
  Lines out;
  out.line(0, {fmt::format("service {} (mode {})", service.key(), name_of(service.mode))});
  show_bake(service, out);
  out.line(0, {"sources"});
  for (const Source& source : service.sources) show_source(source, out);
  out.line(0, {"indicators"});
  for (const Indicator& indicator : service.indicators) show_indicator(indicator, out);
  show_rules(service, out);
  show_rollback(service, out);
  if (service.traffic) show_traffic(*service.traffic, out);
  if (!service.plan.empty()) show_plan(service.plan, out);
  if (service.gates) show_gates(service, out);
  return out.take();
}

std::string show_config(const Config& config) {
  std::string text = show_daemon(config.daemon);
  for (const auto& service : config.services) text += "\n" + show_service(*service);
  return text;
}

std::string show_faults(const std::vector<Fault>& faults, const std::string& prefix) {
  std::string text;
  for (const Fault& fault : faults) text += prefix + text_of(fault) + "\n";
  return text;
}

} // namespace backstop::config
