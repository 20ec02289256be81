#include "daemon/ctl/command_line.hpp"
#include <utility>

namespace backstop::ctl {

void CommandLine::add_hands() {
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
       "critical-functionality, data-corruption, security-incident,\ncompliance-violation or user-report")
      ->check(one_of(
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

void CommandLine::add_holds() {
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

void CommandLine::add_ways_out() {
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
  adopt->add_option("--side", f->text["--side"], "Side that has the traffic, where it was moved by hand");
  adopt->callback([this, f] {
    Json body = reasoned(f).set("version", f->text["VERSION"]);
    if (!f->text["--side"].empty()) body.set("side", f->text["--side"]);
    post("/v1/adopt", std::move(body), f->text["VERSION"] + " is adopted as good");
  });
  CLI::App* quarantine = group("quarantine", "Versions that were rolled back and may not be deployed again");
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
}

} // namespace backstop::ctl
