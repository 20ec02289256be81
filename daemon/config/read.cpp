#include "daemon/config/read.hpp"
#include "daemon/config/check.hpp"
#include "daemon/config/read_parts.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace backstop::config {

namespace {

template <class Outcome> void drain(Sheet& sheet, Outcome& out) {
  std::move(sheet.faults.begin(), sheet.faults.end(), std::back_inserter(out.faults));
  std::move(sheet.warnings.begin(), sheet.warnings.end(), std::back_inserter(out.warnings));
}

/// Once, when all sheets are drained.
template <class Outcome> void sort_faults(Outcome& out) {
  put_in_order(out.faults);
  put_in_order(out.warnings);
}

std::optional<Node> tree(std::string_view text, Sheet& sheet) {
  auto root = parse_yaml(text, sheet.file, sheet.faults);
  if (root) sheet.places = places_in(*root);
  return root;
}

void read_service_text(std::string_view text, LoadedService& out) {
  out.service.file = out.sheet.file;
  const auto root = tree(text, out.sheet);
  if (!root) return;
  read_service(out.sheet, *root, out.service);
  check_service(out.service, out.sheet);
}

/// Where files are read from, with the hashes of all that was read.
struct Reader {
  const Files& files;
  std::string hashes;

  std::optional<std::string> read(Sheet& sheet, std::string& hash) {
    auto text = files.read(sheet.file);
    if (!text) {
      sheet.fault({}, "cannot be read: " + text.error().what, "");
      return std::nullopt;
    }
    hash = files.sha256(*text);
    hashes += fmt::format("{}  {}\n", hash, sheet.file);
    return *std::move(text);
  }
};

std::string pattern_from(const std::string& main_file, const std::string& pattern) {
  if (!pattern.empty() && pattern.front() == '/') return pattern;
  const auto slash = main_file.rfind('/');
  return slash == std::string::npos ? pattern : main_file.substr(0, slash + 1) + pattern;
}

std::vector<std::string> service_files(Sheet& main, const std::string& pattern, const Files& files) {
  auto found = files.glob(pattern);
  if (!found) {
    main.fault(main.places.of("services"), fmt::format("services: {}: {}", pattern, found.error().what));
    return {};
  }
  if (found->empty())
    main.warn(main.places.of("services"), fmt::format("services: no file matches {}", pattern), "nothing is watched");
  std::sort(found->begin(), found->end());
  found->erase(std::unique(found->begin(), found->end()), found->end());
  return *std::move(found);
}

} // namespace

LoadOutcome load(const std::string& path, const Files& files) {
  LoadOutcome out;
  out.config.file = path;
  Reader reader{files, {}};
  Sheet main;
  main.file = path;
  std::string hash;
  if (const auto text = reader.read(main, hash))
    if (const auto root = tree(*text, main)) {
      read_daemon(main, *root, out.config.daemon);
      check_daemon(out.config.daemon, main);
    }
  std::vector<LoadedService> services;
  // Without a readable main file its `services` is unknown: the default place would only add misleading faults.
  if (main.places.of("").line > 0) {
    for (const auto& file : service_files(main, pattern_from(path, out.config.daemon.services_glob), files)) {
      LoadedService& loaded = services.emplace_back();
      loaded.sheet.file = file;
      if (const auto text = reader.read(loaded.sheet, loaded.service.hash)) {
        read_service_text(*text, loaded);
        loaded.service.text = *text;
      }
    }
  }
  check_together(out.config.daemon, services);
  drain(main, out);
  for (LoadedService& loaded : services) {
    drain(loaded.sheet, out);
    out.config.services.push_back(std::make_shared<const Service>(std::move(loaded.service)));
  }
  sort_faults(out);
  out.config.hash = files.sha256(reader.hashes);
  return out;
}

ServiceOutcome load_service(std::string_view text, const std::string& file) {
  LoadedService loaded;
  loaded.sheet.file = file;
  read_service_text(text, loaded);
  ServiceOutcome out;
  out.service = std::move(loaded.service);
  drain(loaded.sheet, out);
  sort_faults(out);
  return out;
}

} // namespace backstop::config
