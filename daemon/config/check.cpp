#include "daemon/config/check.hpp"
#include "collectors/selector.hpp"
#include "daemon/config/listen_address.hpp"
#include "daemon/config/read_parts.hpp"
#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <type_traits>
#include <variant>

namespace backstop::config {

namespace {

/// A fault at `path` about the key of that path.
void fault(Sheet& sheet, const std::string& path, std::string_view what, std::string_view how = {}) {
  sheet.fault(sheet.places.of(path), fmt::format("{}: {}", path, what), how);
}

void check_listen(const std::string& listen, Sheet& sheet) {
  if (listen.empty()) return;
  const ListenAddress address = listen_address(listen);
  if (!address.ok())
    return fault(sheet, "metrics.listen", fmt::format("\"{}\" is no address", listen),
                 "write 127.0.0.1:9477, [::1]:9477 or none");
  if (!address.is_loopback())
    sheet.warn(sheet.places.of("metrics.listen"),
               fmt::format("metrics.listen: {} can be reached from other hosts, without authorisation", listen),
               "127.0.0.1:9477 keeps it on this host");
}

void check_bake(const Service& service, Sheet& sheet) {
  const Bake& bake = service.bake;
  const std::string whole = show_duration(bake.duration);
  if (bake.good_after > bake.duration)
    fault(sheet, "bake.good_after",
          fmt::format("{} is beyond the bake window of {}", show_duration(bake.good_after), whole),
          "make it shorter, or bake.for longer");
  if (bake.act_for && *bake.act_for > bake.duration)
    fault(sheet, "bake.act_for", fmt::format("{} is beyond the bake window of {}", show_duration(*bake.act_for), whole),
          "leave it out to act for all of it");
}

void check_timeout(const std::string& path, Duration timeout, Duration interval, Sheet& sheet) {
  if (timeout >= interval)
    fault(sheet, path + ".timeout",
          fmt::format("{} is not shorter than the interval of {}", show_duration(timeout), show_duration(interval)),
          "an attempt must be over before the next one starts");
}

void check_access(const std::string& path, const HttpAccess& access, Sheet& sheet) {
  if (access.cert_file.empty() != access.key_file.empty())
    fault(sheet, path, "cert_file and key_file go together", "write both or neither");
  if (!access.bearer.empty() && !access.basic.empty())
    fault(sheet, path, "bearer and basic exclude each other", "keep one");
}

void check_header(const std::string& path, const std::string& name, const std::string& value, Sheet& sheet) {
  const auto unfit = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower == "authorization")
    fault(sheet, path, "a secret may not stand in the configuration", "write bearer or basic: {credential: NAME}");
  // Never shown: it may be a secret all the same.
  if (std::any_of(value.begin(), value.end(), unfit))
    fault(sheet, path, "the value has a line break or a control character in it", "leave it out");
}

void check_expectation(const std::string& path, const HttpSource& http, Sheet& sheet) {
  if (http.expect_body.empty()) return;
  if (const auto expectation = HttpExpectation::make({}, http.expect_body); !expectation)
    fault(sheet, path + ".expect_body", expectation.error().what, "write \\Q in front of plain text");
  if (http.method == "HEAD")
    fault(sheet, path + ".expect_body", "an answer to HEAD has no body", "leave it out, or write method: GET");
}

/// By what a kind of source has, whichever it is.
struct SourceCheck {
  const std::string& path;
  Duration interval;
  Sheet& sheet;

  template <class Kind> void operator()(const Kind& kind) const {
    if constexpr (requires { kind.timeout; }) check_timeout(path, kind.timeout, interval, sheet);
    if constexpr (std::is_base_of_v<HttpAccess, Kind>) check_access(path, kind, sheet);
    if constexpr (requires { kind.headers; })
      for (const auto& [name, value] : kind.headers) check_header(path + ".headers." + name, name, value, sheet);
    if constexpr (std::is_same_v<Kind, HttpSource>) check_expectation(path, kind, sheet);
    if constexpr (std::is_same_v<Kind, CommandSource>)
      if (!kind.argv.empty() && !kind.argv[0].starts_with('/'))
        fault(sheet, path + ".argv[0]", fmt::format("\"{}\" is no absolute path", kind.argv[0]),
              "no PATH is searched: write it from / on");
  }
};

void check_sources(const Service& service, Sheet& sheet) {
  for (const Source& source : service.sources) {
    const std::string path = "sources." + source.name;
    std::visit(SourceCheck{path, source.interval, sheet}, source.kind);
  }
}

Duration window_of(const Indicator& indicator) {
  return std::holds_alternative<Gauge>(indicator.kind) ? Duration::max() : indicator.window;
}

std::optional<backstop::Selector> check_selector(const std::string& path, const Selector& selector, Sheet& sheet) {
  if (selector.text.empty()) return std::nullopt; // the reader said so
  auto parsed = backstop::Selector::parse(selector.text);
  if (!parsed) fault(sheet, path, "no selector: " + parsed.error().what);
  return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
}

void check_histogram(const std::string& path, const Selector& histogram, Sheet& sheet) {
  constexpr std::string_view suffix = "_bucket";
  const auto selector = check_selector(path, histogram, sheet);
  if (!selector || selector->name().size() <= suffix.size()) return;
  const std::string& name = selector->name();
  if (const std::size_t stem = name.size() - suffix.size(); name.compare(stem, suffix.size(), suffix) == 0)
    fault(sheet, path, fmt::format("{} is one part of a histogram", name),
          fmt::format("write {}", name.substr(0, stem)));
}

void check_selectors(const std::string& path, const Indicator& indicator, Sheet& sheet) {
  if (const auto* ratio = std::get_if<Ratio>(&indicator.kind)) {
    check_selector(path + ".ratio.errors", ratio->errors, sheet);
    check_selector(path + ".ratio.total", ratio->total, sheet);
  } else if (const auto* quantile = std::get_if<Quantile>(&indicator.kind)) {
    check_histogram(path + ".histogram", quantile->histogram, sheet);
  } else if (const auto* gauge = std::get_if<Gauge>(&indicator.kind)) {
    check_selector(path + ".gauge", gauge->gauge, sheet);
  } else if (const auto* rate = std::get_if<Rate>(&indicator.kind)) {
    check_selector(path + ".rate", rate->counter, sheet);
  }
}

void check_indicators(const Service& service, Sheet& sheet) {
  std::vector<std::string_view> known;
  for (const Source& source : service.sources) known.push_back(source.name);
  for (const Indicator& indicator : service.indicators) {
    const std::string path = "indicators." + indicator.name;
    check_selectors(path, indicator, sheet);
    const std::string& name = source_of(indicator);
    if (name.empty()) continue; // the reader said so
    const std::string at = path + (std::holds_alternative<Ratio>(indicator.kind) ? ".ratio.source" : ".source");
    const Source* source = find_source(service, name);
    if (source == nullptr) {
      fault(sheet, at, fmt::format("there is no source \"{}\"", name), suggestion(name, known, "sources"));
      continue;
    }
    const std::string interval = show_duration(source->interval);
    if (window_of(indicator) < source->interval)
      fault(sheet, path + ".window",
            fmt::format("{} is shorter than the interval of {}, {}", show_duration(indicator.window), name, interval),
            "no scrape would fall into most windows: make it several intervals");
    if (indicator.stale_after && *indicator.stale_after < source->interval)
      fault(sheet, path + ".stale_after",
            fmt::format("{} is shorter than the interval of {}, {}", show_duration(*indicator.stale_after), name,
                        interval),
            "every series would be stale before the next scrape");
  }
}

/// Where deployments are known by samples: that there are such.
void check_detect(const Service& service, Sheet& sheet) {
  std::vector<std::string_view> known;
  for (const Source& source : service.sources) known.push_back(source.name);
  const auto check_source = [&](const std::string& key, const std::string& name) -> const Source* {
    if (name.empty()) return nullptr; // the reader said so
    const Source* source = find_source(service, name);
    if (!source) fault(sheet, key, fmt::format("there is no source \"{}\"", name), suggestion(name, known, "sources"));
    return source;
  };
  if (!std::holds_alternative<std::monostate>(service.detect) && (!service.plan.empty() || service.gates))
    fault(sheet, "detect", fmt::format("with {} backstop deploys, and nobody else", service.gates ? "gates" : "a plan"),
          "take detect out, or the other");
  if (const auto* series = std::get_if<DetectSeries>(&service.detect)) {
    check_source("detect.source", series->source);
    check_selector("detect.series", series->series, sheet);
  }
  if (const auto* restart = std::get_if<DetectRestart>(&service.detect)) {
    const Source* source = check_source("detect.restart_of", restart->source);
    if (source && !std::holds_alternative<SystemdSource>(source->kind))
      fault(sheet, "detect.restart_of", fmt::format("{} is no source of type systemd", restart->source),
            "only systemd tells of starts: name a source of type systemd");
    if (service.running_version_link.empty())
      fault(sheet, "detect.restart_of", "a start says no version", "add running_version: {link: PATH}");
  }
}

} // namespace

void check_daemon(const Daemon& daemon, Sheet& sheet) {
  check_listen(daemon.metrics_listen, sheet);
  check_page(daemon.page, sheet);
  check_channels(daemon, sheet);
  if (daemon.journal_path == daemon.recorder_path)
    fault(sheet, "recorder.path", "it is the file of the journal too", "name another file");
}

void check_service(const Service& service, Sheet& sheet) {
  const bool read_cleanly = sheet.faults.empty();
  check_bake(service, sheet);
  check_sources(service, sheet);
  check_indicators(service, sheet);
  check_promql(service, sheet);
  check_detect(service, sheet);
  check_rules(service, sheet);
  check_procedure(service, sheet, read_cleanly);
  check_traffic(service, sheet);
  check_plan(service, sheet, read_cleanly);
  check_gates(service, sheet);
  if (read_cleanly && !service.running_version && service.running_version_link.empty() && service.mode != Mode::observe)
    sheet.warn({}, "running_version is missing: before a rollback nobody is asked which version runs",
               "add running_version: {link: /path/to/current}, or {argv: [/path/to/program]} that prints it");
  if (read_cleanly && service.rows.empty() && service.criteria.empty())
    sheet.warn({}, "neither thresholds nor criteria: only signals can bring about a rollback",
               "add thresholds: standard");
}

} // namespace backstop::config
