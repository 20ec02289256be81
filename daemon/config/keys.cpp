#include "daemon/config/keys.hpp"
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace backstop::config {

const std::vector<Section>& sections() {
  constexpr bool required = true;
  static const std::vector<Section> all{
      // backstop.yaml
      {"backstop",
       {{"control"},
        {"metrics"},
        {"journal"},
        {"recorder"},
        {"limits"},
        {"channels"},
        {"notify"},
        {"deadman"},
        {"services"}}},
      {"control", {{"socket"}, {"observers"}, {"operators"}}},
      {"metrics", {{"listen", required}}},
      {"journal", {{"path"}, {"keep"}}},
      {"recorder", {{"path"}, {"keep"}, {"max_size"}}},
      {"limits", {{"concurrent_rollbacks"}, {"rollbacks"}}},
      {"channel/webhook", {{"type", required}, {"url", required}, {"timeout"}}},
      {"channel/command", {{"type", required}, {"argv", required}, {"timeout"}}},
      {"notify", {{"roles"}, {"routes"}, {"group_wait"}, {"repeat_interval"}, {"escalate"}, {"texts"}}},
      {"route", {{"severity"}, {"service"}, {"environment"}, {"deployment"}, {"to", required}}},
      {"escalation", {{"after", required}, {"to", required}}},
      {"deadman", {{"url", required}, {"every"}}},
      {"secret", {{"credential"}, {"file"}}},
      // services.d/*.yaml
      {"service",
       {{"service", required},
        {"environment"},
        {"mode"},
        {"bake"},
        {"baseline"},
        {"judge"},
        {"running_version"},
        {"detect"},
        {"deploy_lock"},
        {"depends_on"},
        {"confirm_timeout"},
        {"sources", required},
        {"indicators", required},
        {"thresholds"},
        {"criteria"},
        {"procedures"}}},
      {"bake", {{"for"}, {"good_after"}, {"deploy_timeout"}, {"act_for"}, {"on_deploy_timeout"}}},
      {"baseline", {{"window"}, {"min_samples"}}},
      {"judge/table", {{"kind", required}, {"warm_up"}}},
      {"judge/sequential", {{"kind", required}, {"warm_up"}, {"sustain"}, {"severe"}, {"learn"}}},
      {"command", {{"argv", required}, {"timeout"}}},
      {"link", {{"link", required}}},
      {"detect/link", {{"link", required}}},
      {"detect/series", {{"series", required}, {"source", required}, {"label"}}},
      {"detect/restart", {{"restart_of", required}}},
      {"source/prometheus",
       {{"type", required},
        {"interval"},
        {"timeout"},
        {"targets"},
        {"file_sd"},
        {"dns_sd"},
        {"bearer"},
        {"basic"},
        {"ca_file"},
        {"cert_file"},
        {"key_file"},
        {"max_bytes"},
        {"max_series"}}},
      {"source/host", {{"type", required}, {"interval"}, {"unit"}}},
      {"source/systemd", {{"type", required}, {"interval"}, {"unit", required}, {"timeout"}}},
      {"source/journal", {{"type", required}, {"interval"}, {"unit", required}, {"timeout"}}},
      {"source/postgresql", {{"type", required}, {"interval"}, {"dsn", required}, {"timeout"}}},
      {"source/pgbouncer", {{"type", required}, {"interval"}, {"dsn", required}, {"timeout"}}},
      {"source/mysql",
       {{"type", required},
        {"interval"},
        {"host"},
        {"port"},
        {"unix_socket"},
        {"user"},
        {"password"},
        {"ca_file"},
        {"cert_file"},
        {"key_file"},
        {"timeout"}}},
      {"source/http",
       {{"type", required},
        {"interval"},
        {"timeout"},
        {"targets"},
        {"file_sd"},
        {"dns_sd"},
        {"method"},
        {"expect_status"},
        {"expect_body"},
        {"headers"},
        {"bearer"},
        {"basic"},
        {"ca_file"},
        {"cert_file"},
        {"key_file"}}},
      {"source/tcp", {{"type", required}, {"interval"}, {"timeout"}, {"targets"}, {"file_sd"}, {"dns_sd"}}},
      {"source/command", {{"type", required}, {"argv", required}, {"interval"}, {"timeout"}}},
      {"source/promql",
       {{"type", required},
        {"interval"},
        {"timeout"},
        {"url", required},
        {"queries", required},
        {"query_offset"},
        {"headers"},
        {"bearer"},
        {"basic"},
        {"ca_file"},
        {"cert_file"},
        {"key_file"},
        {"max_series"}}},
      {"discovery/file", {{"files", required}, {"refresh"}, {"scheme"}, {"path"}, {"labels"}}},
      {"discovery/file/tcp", {{"files", required}, {"refresh"}, {"labels"}}},
      {"discovery/dns",
       {{"names", required}, {"type"}, {"port"}, {"server"}, {"refresh"}, {"scheme"}, {"path"}, {"labels"}}},
      {"discovery/dns/tcp", {{"names", required}, {"type"}, {"port"}, {"server"}, {"refresh"}, {"labels"}}},
      {"target/tcp", {{"address"}, {"unix_socket"}, {"labels"}}},
      {"target", {{"url", required}, {"unix_socket"}, {"labels"}}},
      {"indicator/ratio", {{"ratio", required}, {"window"}, {"min_requests"}, {"stale_after"}, {"query_offset"}}},
      {"ratio", {{"source", required}, {"errors", required}, {"total", required}}},
      {"indicator/quantile",
       {{"quantile", required},
        {"source", required},
        {"histogram", required},
        {"window"},
        {"min_requests"},
        {"unit"},
        {"stale_after"},
        {"query_offset"}}},
      {"indicator/gauge",
       {{"gauge", required}, {"source", required}, {"aggregate"}, {"unit"}, {"stale_after"}, {"query_offset"}}},
      {"indicator/rate",
       {{"rate", required}, {"source", required}, {"window"}, {"unit"}, {"stale_after"}, {"query_offset"}}},
      {"thresholds", {{"use"}, {"without"}, {"rows"}}},
      {"row",
       {{"indicator"},
        {"normal"},
        {"alert"},
        {"critical"},
        {"for"},
        {"keep_firing_for"},
        {"m_of_n"},
        {"max_gap"},
        {"no_data"},
        {"error"},
        {"insufficient"},
        {"gap"},
        {"mode"},
        {"worsen_factor"}}},
      {"for", {{"alert"}, {"critical"}}},
      {"criterion",
       {{"name"},
        {"indicator"},
        {"critical"},
        {"baseline"},
        {"all"},
        {"for"},
        {"keep_firing_for"},
        {"m_of_n"},
        {"max_gap"},
        {"no_data"},
        {"error"},
        {"insufficient"},
        {"gap"},
        {"mode"},
        {"worsen_factor"}}},
      {"condition", {{"indicator", required}, {"critical"}, {"baseline"}}},
      {"procedures", {{"rollback"}}},
      {"step/notify", {{"name", required}, {"kind", required}, {"severity"}, {"to"}}},
      {"step/run",
       {{"name", required},
        {"kind", required},
        {"argv", required},
        {"timeout"},
        {"retries"},
        {"retry_delay"},
        {"check"},
        {"preflight"},
        {"on_failure"},
        {"on_unknown"},
        {"user"},
        {"env"},
        {"limits"},
        {"sandbox"},
        {"writable"}}},
      {"step/limits", {{"memory"}, {"tasks"}, {"cpu"}, {"open_files"}}},
      {"step/watch", {{"name", required}, {"kind", required}, {"good_for"}, {"timeout"}}},
      {"step/review", {{"name", required}, {"kind", required}, {"due"}}},
  };
  return all;
}

const Section& section_named(std::string_view name) {
  for (const Section& section : sections())
    if (section.name == name) return section;
  std::abort(); // a bug in the reader: sections are named by literals
}

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t bound) {
  if (a.size() > b.size() + bound || b.size() > a.size() + bound) return bound + 1;
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return std::min(d[a.size()][b.size()], bound + 1);
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate, least);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known, std::string_view things) {
  if (const std::string_view near = word.size() <= 100 ? nearest(word, known) : ""; !near.empty())
    return fmt::format("did you mean \"{}\"?", near);
  if (known.empty()) return fmt::format("there are no {}", things);
  return fmt::format("known {}: {}", things, fmt::join(known, ", "));
}

} // namespace backstop::config
