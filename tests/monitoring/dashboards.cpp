#include "tests/monitoring/dashboards.hpp"
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>

namespace backstop::monitoring {
namespace {

std::set<std::string> found(const std::string& text, const std::string& pattern) {
  std::set<std::string> all;
  const std::regex regex(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), regex); it != std::sregex_iterator(); ++it)
    for (std::size_t group = 1; group < it->size(); ++group)
      if ((*it)[group].matched) all.insert((*it)[group]);
  return all;
}

} // namespace

std::string slurp(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Dashboard> dashboards() {
  std::vector<Dashboard> all;
  for (const auto& entry : std::filesystem::directory_iterator(BACKSTOP_SOURCE_DIR "/packaging/grafana"))
    if (entry.path().extension() == ".json")
      all.push_back({entry.path().filename(), nlohmann::json::parse(slurp(entry.path()))});
  return all;
}

std::vector<Query> Dashboard::queries() const {
  std::vector<Query> all;
  for (const auto& panel : json.at("panels"))
    for (const auto& target : panel.value("targets", nlohmann::json::array()))
      all.push_back(
          {name() + " / " + panel.at("title").get<std::string>() + " / " + target.at("refId").get<std::string>(),
           target.at("expr"), target.at("legendFormat")});
  for (const auto& annotation : json.at("annotations").at("list"))
    if (annotation.contains("expr"))
      all.push_back({name() + " / annotation " + annotation.at("name").get<std::string>(), annotation.at("expr"),
                     annotation.at("titleFormat").get<std::string>() + annotation.at("textFormat").get<std::string>()});
  // label_values(SELECTOR, LABEL): there must be such series, with that label.
  static const std::regex label_values(R"(label_values\((.*), *([a-z_]+)\))");
  for (const auto& variable : json.at("templating").at("list")) {
    if (variable.at("type") != "query") continue;
    std::smatch match;
    const std::string definition = variable.at("definition");
    if (!std::regex_match(definition, match, label_values)) throw std::runtime_error("no label_values: " + definition);
    all.push_back(
        {name() + " / variable " + variable.at("name").get<std::string>(), match[1], "{{" + match[2].str() + "}}"});
  }
  return all;
}

std::set<std::string> variables_in(const std::string& text) {
  return found(text,
               R"(\$([A-Za-z_][A-Za-z0-9_]*)|\$\{([A-Za-z_][A-Za-z0-9_]*)[^}]*\}|\[\[([A-Za-z_][A-Za-z0-9_]*)\]\])");
}

std::set<std::string> metrics_in(const std::string& promql) {
  std::set<std::string> all;
  const std::set<std::string> known = documented_metrics();
  for (const std::string& name : found(promql, R"((?:^|[^A-Za-z0-9_"])(backstop_[a-z_]+))")) {
    const std::string family = std::regex_replace(name, std::regex("_(bucket|sum|count)$"), "");
    all.insert(known.contains(name) ? name : family);
  }
  return all;
}

std::set<std::string> labels_in(const std::string& format) { return found(format, R"(\{\{ *([a-z_]+) *\}\})"); }

std::set<std::string> documented_metrics() {
  static const std::set<std::string> all =
      found(slurp(BACKSTOP_SOURCE_DIR "/docs/metrics.md"), R"(\n\| `(backstop_[a-z_]+)` \|)");
  return all;
}

} // namespace backstop::monitoring
