#include "daemon/ctl/command_line.hpp"
#include <utility>

/// Requests, signatures, and an operator's hand on a plan.
namespace backstop::ctl {

void CommandLine::add_plan_hands(CLI::App& deploy) {
  struct Hand {
    const char *verb, *what, *done;
    bool reason;
  };
  static constexpr Hand kHands[] = {
      {"pause", "Begin no other step of the plan; what runs comes to its end", " is paused", true},
      {"resume", "Go on with a plan that is paused; a failed step is tried again", " goes on", false},
      {"promote", "End the watch or the wait that the plan is at: it was long enough", " goes on", true},
      {"skip", "Leave a step of the plan out", " goes on without it", true}};
  for (const Hand& hand : kHands) {
    Fields* f = nullptr;
    CLI::App* sub = command(deploy, hand.verb, hand.what, f);
    need(sub, f, "ID", "Deployment");
    const bool skips = std::string_view(hand.verb) == "skip";
    if (skips) may(sub, f, "STEP", "Path or name of the step (default: the one it stands at)");
    hand.reason ? need(sub, f, "--reason", "Why, for the record") : may(sub, f, "--reason", "Why, for the record");
    sub->callback([this, f, hand, skips] {
      Json body = Json::object();
      if (!f->text["--reason"].empty()) body.set("reason", f->text["--reason"]);
      if (skips && !f->text["STEP"].empty()) body.set("step", f->text["STEP"]);
      post(id_path("deployments", f->text["ID"], hand.verb), std::move(body), f->text["ID"] + hand.done);
    });
  }
}

void CommandLine::add_gates() {
  Fields* f = nullptr;
  CLI::App* checklist = command(app_, "checklist", "What must be given before a requested deployment may begin", f);
  need(checklist, f, "ID", "Deployment");
  checklist->add_flag("--check", f->flag["check"], "Look at the automatic items anew first");
  checklist->callback([this, f] {
    if (f->flag["check"])
      return post(id_path("deployments", f->text["ID"], "check"), Json::object(),
                  "looking; backstopctl checklist " + f->text["ID"] + " shows what comes of it");
    get(id_path("deployments", f->text["ID"], "checklist"), Page::checklist);
  });
  for (const bool gives : {true, false}) {
    CLI::App* sub = command(app_, gives ? "approve" : "revoke",
                            gives ? "Sign for a deployment, items of its checklist, or a step of its plan"
                                  : "Take back what you signed, before the deployment begins",
                            f);
    need(sub, f, "ID", "Deployment");
    need(sub, f, "--role", "Role that you sign as; your groups on this host give it to you");
    sub->add_option("--item", f->list["items"],
                    gives ? "Sign these items, not for the role as a whole: a,b" : "Take back this item too: a,b")
        ->type_name("ITEM")
        ->delimiter(',');
    if (gives) {
      sub->add_flag("--all-items", f->flag["all"], "Sign all open items of the role too");
      may(sub, f, "--comment", "For the record");
    } else {
      need(sub, f, "--reason", "Why, for the record");
    }
    sub->callback([this, f, gives] {
      Json body = Json::object().set("role", f->text["--role"]);
      if (gives && !f->text["--comment"].empty()) body.set("comment", f->text["--comment"]);
      if (!gives) body.set("reason", f->text["--reason"]);
      if (f->flag["all"]) body.set("all_items", true);
      Json items = Json::array();
      for (const std::string& item : f->list["items"]) items.push(item);
      if (!f->list["items"].empty()) body.set("items", std::move(items));
      post(id_path("deployments", f->text["ID"], gives ? "approve" : "revoke"), std::move(body),
           f->text["--role"] + (gives ? " signed" : " took it back") + "; backstopctl checklist " + f->text["ID"]);
    });
  }
}

void CommandLine::add_plans() {
  CLI::App* plan = group("plan", "Look at plans: of a deployment, or of a service file");
  Fields* f = nullptr;
  CLI::App* show = command(*plan, "show", "The phases and steps of a deployment (D7), or of a service file", f);
  need(show, f, "WHAT", "Id of a deployment, or a service file");
  show->callback([this, f] {
    const std::string& what = f->text["WHAT"];
    const bool id = what.size() > 1 && what[0] == 'D' && what.find_first_not_of("0123456789", 1) == std::string::npos;
    if (id) return get(id_path("deployments", what), Page::plan);
    out_.what = LookAtPlan{LookAtPlan::What::show, what, "", ""};
  });
  CLI::App* lint = command(*plan, "lint", "What is wrong or risky in the plan of a service file", f);
  need(lint, f, "FILE", "Service file");
  lint->callback([this, f] { out_.what = LookAtPlan{LookAtPlan::What::lint, f->text["FILE"], "", ""}; });
  CLI::App* dry = command(*plan, "dry-run", "Every command that would run, there and back; runs none", f);
  need(dry, f, "FILE", "Service file");
  may(dry, f, "--version", "Version to be deployed (default: NEW)");
  may(dry, f, "--previous", "Version to go back to (default: OLD)");
  dry->callback([this, f] {
    const auto word = [&](const char* option, const char* otherwise) {
      return f->text[option].empty() ? otherwise : f->text[option];
    };
    out_.what =
        LookAtPlan{LookAtPlan::What::dry_run, f->text["FILE"], word("--version", "NEW"), word("--previous", "OLD")};
  });
}

} // namespace backstop::ctl
