#include "daemon/ctl/command_line.hpp"
#include "daemon/io/control_client.hpp"
#include <utility>

namespace backstop::ctl {

void CommandLine::add_looks() {
  Fields* f = nullptr;
  CLI::App* status = command(app_, "status", "Levels, readings, baselines and progress of all services or one", f);
  may(status, f, "SERVICE", "SERVICE or SERVICE/ENVIRONMENT");
  CLI::Option* offline =
      status->add_flag("--offline", f->flag["offline"], "Read the journal instead of asking the daemon");
  status->add_flag("--watch,-w", f->flag["watch"], "A live screen; its keys: ?")->excludes(offline);
  may(status, f, "--journal", "Journal to read with --offline")->default_val("/var/lib/backstop/journal.db");
  status->callback([this, f] {
    const std::string& service = f->text["SERVICE"];
    if (f->flag["offline"]) {
      out_.what = Offline{Page::status, service, f->text["--journal"]};
    } else if (f->flag["watch"]) {
      out_.what = WatchStatus{service};
    } else {
      get("/v1/status" + (service.empty() ? "" : "?service=" + ControlClient::encoded(service)), Page::status);
    }
  });
  CLI::App* incident = group("incident", "Incidents: what went wrong, and what was done");
  for (const bool one : {false, true}) {
    CLI::App* sub = command(*incident, one ? "show" : "list",
                            one ? "One incident with its timeline" : "All incidents, newest first", f);
    if (one) need(sub, f, "ID", "Incident");
    sub->add_flag("--offline", f->flag["offline"], "Read the journal instead of asking the daemon");
    may(sub, f, "--journal", "Journal to read with --offline")->default_val("/var/lib/backstop/journal.db");
    sub->callback([this, f, one] {
      const Page page = one ? Page::incident : Page::incidents;
      const std::string id = one ? f->text["ID"] : "";
      if (f->flag["offline"]) {
        out_.what = Offline{page, id, f->text["--journal"]};
      } else {
        get(one ? id_path("incidents", id) : "/v1/incidents", page);
      }
    });
  }
  CLI::App* review =
      command(*incident, "review", "Close the review of an incident: why it happened, and what is done", f);
  need(review, f, "ID", "Incident");
  need(review, f, "--root-cause", "Why it happened");
  need(review, f, "--prevention", "What keeps it from happening again");
  review->callback([this, f] {
    post(id_path("incidents", f->text["ID"], "review"),
         Json::object().set("root_cause", f->text["--root-cause"]).set("prevention", f->text["--prevention"]),
         "the review of " + f->text["ID"] + " is closed");
  });
  CLI::App* explain = command(app_, "explain", "Why: of a deployment (D1), an incident (I1) or a decision (E1)", f);
  need(explain, f, "ID", "Deployment, incident or decision");
  explain->add_flag("--nearest", f->flag["nearest"], "Also replay: which change of a setting would have turned it");
  explain->callback([this, f] {
    const std::string& id = f->text["ID"];
    f->flag["nearest"] ? void(out_.what = Explain{id}) : get(id_path("explain", id), Page::explanation);
  });
}

void CommandLine::add_checks() {
  Fields* f = nullptr;
  CLI::App* config = command(app_, "check-config", "Check configuration files and print the resolved tables", f);
  config
      ->add_option("FILES", f->list["files"], "backstop.yaml, or service files (default: /etc/backstop/backstop.yaml)")
      ->type_name("");
  config->callback([this, f] {
    CheckConfig check;
    for (const std::string& file : f->list["files"]) {
      const bool is_main = file.size() >= 13 && file.compare(file.size() - 13, 13, "backstop.yaml") == 0;
      is_main ? void(check.main_file = file) : check.service_files.push_back(file);
    }
    if (f->list["files"].empty()) check.main_file = "/etc/backstop/backstop.yaml";
    out_.what = std::move(check);
  });
  CLI::App* metrics = command(app_, "check-metrics", "Check an exposition (a file, or standard input)", f);
  may(metrics, f, "FILE", "File; without it standard input");
  may(metrics, f, "--format", "openmetrics or prometheus")
      ->check(one_of({"openmetrics", "prometheus"}))
      ->default_val("prometheus");
  metrics->callback([this, f] { out_.what = CheckMetrics{f->text["FILE"], f->text["--format"] == "openmetrics"}; });
  command(app_, "reload", "Read the configuration again; with faults the old one stays", f)->callback([this] {
    post("/v1/reload", Json::object(), "the configuration is applied");
  });
}

} // namespace backstop::ctl
