#include "daemon/config/quantities.hpp"
#include "daemon/ctl/invocation.hpp"
#include "daemon/io/control_client.hpp"
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <list>
#include <utility>

namespace backstop::ctl {
namespace {

/// The command line as a tree of CLI11 commands, each of which fills in an Invocation. Values live as long as this.
class CommandLine {
public:
  CommandLine()
      : app_("backstopctl asks and steers backstopd, which stands behind every deployment on this host.",
             "backstopctl") {
    app_.set_version_flag("--version", std::string("backstopctl ") + BACKSTOP_VERSION);
    app_.set_help_flag("--help,-h", "This text");
    app_.require_subcommand(1);
    app_.failure_message(CLI::FailureMessage::simple);
    if (const char* socket = std::getenv("BACKSTOP_SOCKET")) out_.socket = socket;
    if (const char* no_color = std::getenv("NO_COLOR"); no_color && *no_color) out_.color = false;
    app_.add_option("--socket", out_.socket, "Control socket of the daemon")->capture_default_str();
    app_.add_flag("--json", out_.json, "Print the answer as JSON (docs/control-api.md)");
    app_.add_flag("!--no-color", out_.color, "No colors (also: NO_COLOR=1)");
    app_.fallthrough();
    app_.footer("Exit codes: 0 done or kept, 1 error in input or configuration, 2 usage, 3 rolled back and verified,\n"
                "4 refused, 5 rollback failed (LOCKED), 6 undecided or held: a person must look, 7 timeout,\n"
                "8 daemon not reachable, 9 superseded or aborted.");
    add_deploy();
    add_looks();
    add_hands();
    add_checks();
  }

  Parsed parse(int argc, const char* const* argv) {
    Parsed parsed;
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
      const bool asked = e.get_exit_code() == 0;
      app_.exit(e, std::cout, std::cerr);
      parsed.exit_code = asked ? kDone : kUsage;
      return parsed;
    }
    parsed.run = true;
    parsed.invocation = out_;
    return parsed;
  }

private:
  /// The options of one command, by name, as they were given.
  struct Fields {
    std::map<std::string, std::string> text;
    std::map<std::string, bool> flag;
    std::map<std::string, std::vector<std::string>> list;
  };

  CLI::App* command(CLI::App& parent, const char* name, const char* what, Fields*& fields) {
    fields = &fields_.emplace_back();
    CLI::App* sub = parent.add_subcommand(name, what);
    sub->fallthrough();
    return sub;
  }
  static CLI::Option* need(CLI::App* sub, Fields* f, const char* name, const char* what) {
    return sub->add_option(name, f->text[name], what)->required();
  }
  static CLI::Option* may(CLI::App* sub, Fields* f, const char* name, const char* what) {
    return sub->add_option(name, f->text[name], what);
  }
  static Duration duration(const std::string& text, const char* option) {
    config::Mistake mistake;
    const auto parsed = config::parse_duration(text, mistake);
    if (!parsed)
      throw CLI::ValidationError(option, mistake.what + (mistake.how.empty() ? "" : " (" + mistake.how + ")"));
    return *parsed;
  }
  void post(std::string path, Json body, std::string done) {
    out_.what = Call{"POST", std::move(path), std::move(body), Page::done, std::move(done)};
  }
  void get(std::string path, Page page) { out_.what = Call{"GET", std::move(path), Json(), page, ""}; }
  static std::string id_path(const char* what, const std::string& id, const char* verb = "") {
    return std::string("/v1/") + what + "/" + ControlClient::encoded(id) + (*verb ? std::string("/") + verb : "");
  }

  void add_deploy() {
    CLI::App* deploy = app_.add_subcommand("deploy", "Begin, finish, follow deployments");
    deploy->require_subcommand(1);
    deploy->fallthrough();
    Fields* f = nullptr;
    CLI::App* begin =
        command(*deploy, "begin",
                "Open a deployment: freeze the baseline, check that a rollback is possible; prints the id", f);
    need(begin, f, "--service", "SERVICE or SERVICE/ENVIRONMENT");
    may(begin, f, "--environment", "Environment of the service");
    need(begin, f, "--version", "Version that is being deployed");
    may(begin, f, "--previous", "Version to go back to (default: the last one known to be good)");
    may(begin, f, "--type", "feature, hotfix or maintenance")
        ->check(CLI::IsMember({"feature", "hotfix", "maintenance"}));
    may(begin, f, "--mode", "observe, confirm or auto (never laxer than the service's)")
        ->check(CLI::IsMember({"observe", "confirm", "auto"}));
    begin->add_option("--components", f->list["components"], "What is deployed, for the record")->delimiter(',');
    begin->add_flag("--irreversible", f->flag["irreversible"],
                    "It cannot be undone by itself (schema change): a person must confirm a rollback");
    begin->callback([this, f] {
      Json body = Json::object();
      body.set("service", f->text["--service"]).set("version", f->text["--version"]);
      for (const auto& [option, member] : {std::pair{"--environment", "environment"},
                                           {"--previous", "previous"},
                                           {"--type", "type"},
                                           {"--mode", "mode"}}) {
        if (!f->text[option].empty()) body.set(member, f->text[option]);
      }
      if (f->flag["irreversible"]) body.set("irreversible", true);
      Json components = Json::array();
      for (const std::string& c : f->list["components"]) components.push(c);
      if (!f->list["components"].empty()) body.set("components", std::move(components));
      out_.what = Call{"POST", "/v1/deployments", std::move(body), Page::begun, ""};
    });
    CLI::App* finish = command(*deploy, "finish", "The traffic is on the new version: the watch begins", f);
    need(finish, f, "ID", "Deployment");
    finish->callback([this, f] {
      post(id_path("deployments", f->text["ID"], "finish"), Json::object(), f->text["ID"] + " is being watched");
    });
    CLI::App* abort = command(*deploy, "abort", "Stop watching a deployment; nothing is undone", f);
    need(abort, f, "ID", "Deployment");
    may(abort, f, "--reason", "Why");
    abort->callback([this, f] {
      post(id_path("deployments", f->text["ID"], "abort"), Json::object().set("reason", f->text["--reason"]),
           f->text["ID"] + " is aborted");
    });
    CLI::App* list = command(*deploy, "list", "All deployments, newest first", f);
    list->callback([this] { get("/v1/deployments", Page::deployments); });
    CLI::App* show = command(*deploy, "show", "One deployment with its timeline", f);
    need(show, f, "ID", "Deployment");
    show->callback([this, f] { get(id_path("deployments", f->text["ID"]), Page::deployment); });
    CLI::App* wait = command(*deploy, "wait", "Follow a deployment; the exit code is its outcome", f);
    need(wait, f, "ID", "Deployment");
    may(wait, f, "--until", "good: until the version is verified good; bake: to the end of the watch")
        ->check(CLI::IsMember({"good", "bake"}));
    may(wait, f, "--timeout", "Give up after this long, for example 30m");
    wait->callback([this, f] {
      const std::string& timeout = f->text["--timeout"];
      out_.what = Wait{f->text["ID"], f->text["--until"] == "bake",
                       timeout.empty() ? Duration{} : duration(timeout, "--timeout")};
    });
  }

  void add_looks() {
    Fields* f = nullptr;
    CLI::App* status = command(app_, "status", "Levels, readings, baselines and progress of all services or one", f);
    may(status, f, "SERVICE", "SERVICE or SERVICE/ENVIRONMENT");
    status->add_flag("--offline", f->flag["offline"], "Read the journal instead of asking the daemon");
    may(status, f, "--journal", "Journal to read with --offline")->default_val("/var/lib/backstop/journal.db");
    status->callback([this, f] {
      const std::string& service = f->text["SERVICE"];
      if (f->flag["offline"]) {
        out_.what = Offline{Page::status, service, f->text["--journal"]};
      } else {
        get("/v1/status" + (service.empty() ? "" : "?service=" + ControlClient::encoded(service)), Page::status);
      }
    });
    CLI::App* incident = app_.add_subcommand("incident", "Incidents: what went wrong, and what was done");
    incident->require_subcommand(1);
    incident->fallthrough();
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
    CLI::App* explain = command(app_, "explain", "Why: of a deployment (D1), an incident (I1) or a decision (E1)", f);
    need(explain, f, "ID", "Deployment, incident or decision");
    explain->callback([this, f] { get(id_path("explain", f->text["ID"]), Page::explanation); });
  }

  /// A command on a service with a reason: the shape of most of the operator's hand.
  CLI::App* on_service(const char* name, const char* what, Fields*& f) {
    CLI::App* sub = command(app_, name, what, f);
    need(sub, f, "SERVICE", "SERVICE or SERVICE/ENVIRONMENT");
    need(sub, f, "--reason", "Why, for the record");
    return sub;
  }
  static Json reasoned(Fields* f) {
    return Json::object().set("service", f->text["SERVICE"]).set("reason", f->text["--reason"]);
  }

  void add_hands() {
    Fields* f = nullptr;
    CLI::App* ack = command(app_, "ack", "Acknowledge an incident: somebody is on it", f);
    need(ack, f, "INCIDENT", "Incident");
    need(ack, f, "--comment", "What you know or do");
    may(ack, f, "--for", "How long it stays acknowledged (default: until resolved)");
    ack->callback([this, f] {
      Json body = Json::object().set("comment", f->text["--comment"]);
      if (!f->text["--for"].empty()) body.set("for_s", to_seconds(duration(f->text["--for"], "--for")));
      post(id_path("incidents", f->text["INCIDENT"], "ack"), std::move(body), f->text["INCIDENT"] + " is acknowledged");
    });
    add_holds();
    on_service("rollback", "Roll a service back now", f)->callback([this, f] {
      post("/v1/rollback", reasoned(f), f->text["SERVICE"] + " is being rolled back; `backstopctl status` follows it");
    });
    CLI::App* accept = on_service("accept", "Keep the version being watched: it is good", f);
    accept->callback([this, f] { post("/v1/accept", reasoned(f), "accepted"); });
    for (const bool yes : {true, false}) {
      CLI::App* sub = command(app_, yes ? "confirm" : "decline",
                              yes ? "Yes, roll it back (mode confirm)" : "No, do not roll it back (mode confirm)", f);
      need(sub, f, "ID", "Deployment");
      need(sub, f, "--reason", "Why, for the record");
      sub->callback([this, f, yes] {
        post(id_path("deployments", f->text["ID"], yes ? "confirm" : "decline"),
             Json::object().set("reason", f->text["--reason"]),
             yes ? "confirmed: it is being rolled back" : "declined: it stays");
      });
    }
    CLI::App* signal = command(app_, "signal", "Tell what no metric shows; all but user-report roll back", f);
    need(signal, f, "SERVICE", "SERVICE or SERVICE/ENVIRONMENT");
    need(signal, f, "KIND",
         "critical-functionality, data-corruption, security-incident, compliance-violation or user-report")
        ->check(CLI::IsMember(
            {"critical-functionality", "data-corruption", "security-incident", "compliance-violation", "user-report"}));
    need(signal, f, "--evidence", "What was seen, for the record");
    signal->callback([this, f] {
      post("/v1/signal",
           Json::object()
               .set("service", f->text["SERVICE"])
               .set("kind", f->text["KIND"])
               .set("evidence", f->text["--evidence"]),
           "recorded");
    });
    add_ways_out();
  }

  void add_holds() {
    Fields* f = nullptr;
    for (const bool set : {true, false}) {
      CLI::App* sub =
          command(app_, set ? "hold" : "unhold", set ? "Measure on, but do not act, until it ends" : "End a hold", f);
      CLI::Option* service = may(sub, f, "SERVICE", "SERVICE or SERVICE/ENVIRONMENT");
      CLI::Option* all = sub->add_flag("--all", f->flag["all"], "All services");
      service->excludes(all);
      if (set) {
        need(sub, f, "--for", "How long, for example 30m");
        need(sub, f, "--reason", "Why, for the record");
      }
      sub->callback([this, f, set] {
        if (f->text["SERVICE"].empty() && !f->flag["all"]) throw CLI::RequiredError("SERVICE or --all");
        Json body = Json::object();
        f->flag["all"] ? body.set("all", true) : body.set("service", f->text["SERVICE"]);
        if (set) body.set("for_s", to_seconds(duration(f->text["--for"], "--for"))).set("reason", f->text["--reason"]);
        const std::string who = f->flag["all"] ? "all services" : f->text["SERVICE"];
        post(set ? "/v1/hold" : "/v1/unhold", std::move(body),
             who + (set ? " held for " + f->text["--for"] + ": measured, not acted upon" : ": the hold has ended"));
      });
    }
  }

  void add_ways_out() {
    Fields* f = nullptr;
    CLI::App* unlock = on_service("unlock", "The way out of LOCKED", f);
    CLI::Option* retry = may(unlock, f, "--retry-from", "Go on with the rollback from this step (number or name)");
    unlock->add_flag("--done-by-hand", f->flag["by_hand"], "The previous version was brought back by hand")
        ->excludes(retry);
    unlock->callback([this, f] {
      Json body = reasoned(f);
      if (!f->text["--retry-from"].empty()) body.set("retry_from", f->text["--retry-from"]);
      if (f->flag["by_hand"]) body.set("done_by_hand", true);
      post("/v1/unlock", std::move(body), f->text["SERVICE"] + " is unlocked");
    });
    CLI::App* adopt = on_service("adopt", "Declare the version that runs to be good (first install)", f);
    need(adopt, f, "VERSION", "Version");
    adopt->callback([this, f] {
      post("/v1/adopt", reasoned(f).set("version", f->text["VERSION"]), f->text["VERSION"] + " is adopted as good");
    });
    CLI::App* quarantine =
        app_.add_subcommand("quarantine", "Versions that were rolled back and may not be deployed again");
    quarantine->require_subcommand(1);
    quarantine->fallthrough();
    command(*quarantine, "list", "All quarantined versions", f)->callback([this] {
      get("/v1/quarantine", Page::quarantine);
    });
    CLI::App* release = command(*quarantine, "release", "Let a version be deployed again", f);
    need(release, f, "VERSION", "Version");
    need(release, f, "--service", "SERVICE or SERVICE/ENVIRONMENT");
    need(release, f, "--reason", "Why, for the record");
    release->callback([this, f] {
      post("/v1/quarantine/release",
           Json::object()
               .set("service", f->text["--service"])
               .set("version", f->text["VERSION"])
               .set("reason", f->text["--reason"]),
           f->text["VERSION"] + " may be deployed again");
    });
    command(app_, "reload", "Read the configuration again; with faults the old one stays", f)->callback([this] {
      post("/v1/reload", Json::object(), "the configuration is applied");
    });
  }

  void add_checks() {
    Fields* f = nullptr;
    CLI::App* config = command(app_, "check-config", "Check configuration files and print the resolved tables", f);
    config->add_option("FILES", f->list["files"],
                       "backstop.yaml, or service files alone (default: /etc/backstop/backstop.yaml)");
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
        ->check(CLI::IsMember({"openmetrics", "prometheus"}))
        ->default_val("prometheus");
    metrics->callback([this, f] { out_.what = CheckMetrics{f->text["FILE"], f->text["--format"] == "openmetrics"}; });
  }

  CLI::App app_;
  std::list<Fields> fields_;
  Invocation out_;
};

} // namespace

Parsed parse_arguments(int argc, const char* const* argv) { return CommandLine().parse(argc, argv); }

} // namespace backstop::ctl
