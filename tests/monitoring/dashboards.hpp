#pragma once
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

/// The dashboards in packaging/grafana, as Grafana's dashboard model has them.
namespace backstop::monitoring {

struct Query {
  std::string where; ///< "backstop: fleet / LOCKED / A"
  std::string expr;  ///< as it stands in the file, with Grafana's variables
  std::string legend;
};

struct Dashboard {
  std::string file; ///< "backstop-fleet.json"
  nlohmann::json json;
  [[nodiscard]] std::string name() const { return json.at("title"); }
  /// Of all panels, annotations and variables.
  [[nodiscard]] std::vector<Query> queries() const;
};

std::vector<Dashboard> dashboards();

/// "service" of "$service", "${service:regex}" and "[[service]]".
std::set<std::string> variables_in(const std::string& text);
/// Names of metrics of backstop in a text of PromQL: as in docs/metrics.md, without the suffixes of histograms.
std::set<std::string> metrics_in(const std::string& promql);
/// The labels in a legend or a title: "service" of "{{service}}".
std::set<std::string> labels_in(const std::string& format);
/// The metrics that docs/metrics.md lists.
std::set<std::string> documented_metrics();

std::string slurp(const std::string& path);

} // namespace backstop::monitoring
