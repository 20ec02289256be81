#include "daemon/ctl/command_line.hpp"
#include <utility>

namespace backstop::ctl {

void CommandLine::add_deploy() {
  CLI::App* deploy = group("deploy", "Begin, finish, follow deployments");
  Fields* f = nullptr;
  CLI::App* begin =
      command(*deploy, "begin", "Open a deployment: check the way back, freeze baselines; prints the id", f);
  need(begin, f, "--service", "SERVICE or SERVICE/ENVIRONMENT");
  may(begin, f, "--environment", "Environment of the service");
  need(begin, f, "--version", "Version that is being deployed");
  may(begin, f, "--previous", "Version to go back to (default: the last one known to be good)");
  may(begin, f, "--type", "feature, hotfix or maintenance")->check(one_of({"feature", "hotfix", "maintenance"}));
  may(begin, f, "--mode", "observe, confirm or auto (never laxer than the service's)")
      ->check(one_of({"observe", "confirm", "auto"}));
  begin->add_option("--components", f->list["components"], "What is deployed, for the record: a,b,c")
      ->type_name("COMPONENTS")
      ->delimiter(',');
  begin->add_flag("--irreversible", f->flag["irreversible"],
                  "Not undone by itself (schema change): a person must confirm a rollback");
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
}

} // namespace backstop::ctl
