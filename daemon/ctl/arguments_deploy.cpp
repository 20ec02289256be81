#include "daemon/ctl/command_line.hpp"
#include <utility>

namespace backstop::ctl {

/// One that was requested is named by its id alone; any other by service and version.
void CommandLine::begin_deployment(Fields* f, bool requests) {
  const std::string& id = f->text["ID"];
  const std::string override_reason = f->flag["override"] ? f->text["--reason"] : "";
  if (f->flag["override"] && override_reason.empty()) throw CLI::ValidationError("--override", "needs --reason");
  Json body = Json::object();
  if (!override_reason.empty()) body.set("override_reason", override_reason);
  if (!requests && !id.empty()) {
    for (const char* option : {"--service", "--version", "--previous", "--type", "--mode", "--environment"})
      if (!f->text[option].empty()) throw CLI::ValidationError(option, id + " was requested with it already");
    out_.what = Call{"POST", id_path("deployments", id, "begin"), std::move(body), Page::begun, ""};
    return;
  }
  for (const char* option : {"--service", "--version"})
    if (f->text[option].empty()) throw CLI::RequiredError(option);
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
  if (requests) body.set("request", true);
  out_.what = Call{"POST", "/v1/deployments", std::move(body), Page::begun, ""};
}

void CommandLine::add_deploy() {
  CLI::App* deploy = group("deploy", "Begin, finish, follow deployments");
  Fields* f = nullptr;
  for (const bool requests : {true, false}) {
    CLI::App* begin =
        requests ? command(*deploy, "request", "Open a deployment that waits for its checklist and approvals", f)
                 : command(*deploy, "begin", "Begin one: check the way back, freeze baselines; prints the id", f);
    if (!requests) may(begin, f, "ID", "One that was requested; then nothing but --override is said of it");
    CLI::Option* service = may(begin, f, "--service", "SERVICE or SERVICE/ENVIRONMENT");
    may(begin, f, "--environment", "Environment of the service");
    CLI::Option* version = may(begin, f, "--version", "Version that is being deployed");
    if (requests) service->required(), version->required();
    may(begin, f, "--previous", "Version to go back to (default: the last one known to be good)");
    may(begin, f, "--type", "feature, hotfix or maintenance")->check(one_of({"feature", "hotfix", "maintenance"}));
    may(begin, f, "--mode", "observe, confirm or auto (never laxer than the service's)")
        ->check(one_of({"observe", "confirm", "auto"}));
    begin->add_option("--components", f->list["components"], "What is deployed, for the record: a,b,c")
        ->type_name("COMPONENTS")
        ->delimiter(',');
    begin->add_flag("--irreversible", f->flag["irreversible"],
                    "Not undone by itself (schema change): a person must confirm a rollback");
    if (!requests) {
      may(begin, f, "--reason", "Why, with --override");
      begin->add_flag("--override", f->flag["override"], "EMERGENCY: begin whatever is missing; everybody is told");
    }
    begin->callback([this, f, requests] { begin_deployment(f, requests); });
  }
  CLI::App* finish = command(*deploy, "finish", "The traffic is on the new version: the watch begins", f);
  need(finish, f, "ID", "Deployment");
  finish->callback([this, f] {
    post(id_path("deployments", f->text["ID"], "finish"), Json::object(), f->text["ID"] + " is being watched");
  });
  CLI::App* abort = command(*deploy, "abort", "Stop a deployment; what its plan did is taken back, else nothing", f);
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
  wait->footer(kExitCodes);
  need(wait, f, "ID", "Deployment");
  may(wait, f, "--until", "good (default): verified good; bake: to the end of the watch")
      ->check(one_of({"good", "bake"}));
  may(wait, f, "--timeout", "Give up after this long, for example 30m");
  wait->callback([this, f] {
    const std::string& timeout = f->text["--timeout"];
    out_.what = Wait{f->text["ID"], f->text["--until"] == "bake",
                     timeout.empty() ? Duration{} : duration(timeout, "--timeout")};
  });
  add_plan_hands(*deploy);
}

} // namespace backstop::ctl
