#pragma once
#include <string>

namespace backstop {

/// A service of the tests: error rate alone, critical above 5 % for 3 s, watched for 60 s, good after 20 s.
struct ShopConfig {
  std::string name = "shop", mode = "auto", extra, rows, bake = "for: 60s, good_after: 20s, deploy_timeout: 30s";
  std::string targets = R"(targets: [{url: "http://127.0.0.1:1/metrics"}])";
  std::string judge = "{kind: table, warm_up: 2s}";
  std::string steps = R"(
    - {name: tell, kind: notify, severity: critical}
    - {name: prepare, kind: run, argv: [/bin/prepare, "{previous_version}"], timeout: 30s}
    - {name: execute, kind: run, argv: [/bin/execute, "{environment}", "{previous_version}"], timeout: 30s, check: {argv: [/bin/is-at, "{previous_version}"]}}
    - {name: verify, kind: watch, good_for: 5s, timeout: 40s}
    - {name: by-hand, kind: run, argv: [/bin/verify], timeout: 30s}
    - {name: review, kind: review}
)";
  [[nodiscard]] std::string text() const {
    return "service: " + name + "\nmode: " + mode + "\nbake: {" + bake +
           "}\nbaseline: {window: 60s, min_samples: 5}\njudge: " + judge + "\n" + extra +
           "sources: {app: {type: prometheus, interval: 1s, timeout: 800ms, " + targets +
           "}}\n"
           "indicators: {error_rate: {ratio: {source: app, errors: 'r{code=~\"5..\"}', total: r}, window: 5s, "
           "min_requests: 50}}\n"
           "thresholds: {use: standard, rows: {error_rate: {for: {alert: 2s, critical: 3s}" +
           rows +
           "}}}\n"
           "procedures:\n  rollback:" +
           steps;
  }
};

} // namespace backstop
