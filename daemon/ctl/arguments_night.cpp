#include "daemon/chain_audit.hpp"
#include "daemon/ctl/command_line.hpp"
#include <utility>

namespace backstop::ctl {

void CommandLine::add_night() {
  Fields* f = nullptr;
  CLI::App* day = command(app_, "game-day", "Go through a rollback without doing it: would it work?", f);
  need(day, f, "SERVICE", "SERVICE or SERVICE/ENVIRONMENT");
  day->add_flag("--channels", f->flag["channels"], "Also send each channel a notice that says it is a test");
  day->callback([this, f] {
    Json body = Json::object().set("service", f->text["SERVICE"]);
    if (f->flag["channels"]) body.set("channels", true);
    out_.what = Call{"POST", "/v1/game-day", std::move(body), Page::game_day, ""};
  });
  CLI::App* notify = group("notify", "The channels that notices go through");
  CLI::App* test =
      command(*notify, "test", "Send a test through a channel now, and say what the other side answered", f);
  need(test, f, "CHANNEL", "Its name in backstop.yaml");
  test->callback([this, f] {
    out_.what = Call{"POST", id_path("channels", f->text["CHANNEL"], "test"), Json::object(), Page::channel_test, ""};
  });
  CLI::App* journal = group("journal", "The journal, without the daemon");
  for (const bool restores : {false, true}) {
    CLI::App* sub = command(*journal, restores ? "restore" : "check",
                            restores ? "Copy the good part of a damaged one into PATH.restored"
                                     : "Read all of it: is it whole, and if not, where and what to do",
                            f);
    may(sub, f, "PATH", "Journal")->default_val("/var/lib/backstop/journal.db");
    sub->callback([this, f, restores] {
      if (restores)
        out_.what = JournalRestore{f->text["PATH"]};
      else
        out_.what = JournalCheck{f->text["PATH"]};
    });
  }
  CLI::App* audit = command(*group("audit", "Whether anybody changed what was recorded, without the daemon"), "verify",
                            "Find every record that was changed, taken out, put in or moved", f);
  may(audit, f, "JOURNAL", "Journal")->default_val("/var/lib/backstop/journal.db");
  may(audit, f, "--anchor", "What a line of the log said of the journal's end, or an earlier audit")
      ->type_name("SEQ:HASH")
      ->check([](const std::string& text) {
        return chain_anchor(text) ? "" : "'" + text + "' is none; it is a number, a colon and 64 hexadecimal digits";
      });
  audit->callback([this, f] { out_.what = AuditVerify{f->text["JOURNAL"], f->text["--anchor"]}; });
  audit->footer("Exit codes: 0 nothing was found, 1 something was, or the journal cannot be read, 2 usage");
  CLI::App* bundle = command(app_, "debug-bundle", "Collect what explains a fault, without secrets; also offline", f);
  may(bundle, f, "FILE", "File to make (default: backstop-debug-TIME.tar.gz here)");
  may(bundle, f, "--config", "Configuration file")->default_val("/etc/backstop/backstop.yaml")->type_name("PATH");
  bundle->callback([this, f] { out_.what = DebugBundle{f->text["FILE"], f->text["--config"]}; });
}

} // namespace backstop::ctl
