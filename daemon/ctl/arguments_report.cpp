#include "daemon/ctl/command_line.hpp"
#include <string>
#include <utility>

namespace backstop::ctl {

void CommandLine::add_report() {
  Fields* f = nullptr;
  CLI::App* sub = command(app_, "report", "The review of an incident or the log of a deployment, to send on", f);
  need(sub, f, "ID", "Incident (I1) or deployment (D1)");
  may(sub, f, "--format", "md, html (one file, prints on A4) or json (docs/reports.md)")
      ->check(one_of({"md", "html", "json"}))
      ->default_val("md");
  may(sub, f, "--out", "File to write (default: standard output)")->type_name("FILE");
  sub->add_flag("--confirmation", f->flag["confirmation"], "Of a deployment that ended well: to be signed, md or html");
  may_be_offline(sub, f);
  sub->callback([this, f] {
    const std::string& format = f->text["--format"];
    Report report{f->text["ID"], Report::Format::markdown, f->text["--out"], origin(f), f->flag["confirmation"]};
    if (format == "html") report.format = Report::Format::html;
    if (format == "json" || out_.json) report.format = Report::Format::json;
    if (report.confirmation && report.format == Report::Format::json)
      throw CLI::ValidationError("--confirmation", "there is none as JSON");
    out_.what = std::move(report);
  });
}

void CommandLine::add_release_notes() {
  Fields* f = nullptr;
  CLI::App* sub = command(app_, "release-notes", "What changed with the version of a deployment, to send on", f);
  need(sub, f, "ID", "Deployment (D1)");
  may(sub, f, "--git", "Its commits: DIR or DIR:FROM..TO (default: from the version before)")->type_name("DIR");
  may(sub, f, "--fragments", "Changelog, or the part of it for this version")->type_name("FILE");
  may(sub, f, "--format", "md or html (one file, prints on A4)")->check(one_of({"md", "html"}))->default_val("md");
  may(sub, f, "--out", "File to write (default: standard output)")->type_name("FILE");
  may_be_offline(sub, f);
  sub->callback([this, f] {
    if (out_.json) throw CLI::ValidationError("--json", "there are no release notes as JSON");
    out_.what = ReleaseNotes{f->text["ID"],    f->text["--git"], f->text["--fragments"], f->text["--format"] == "html",
                             f->text["--out"], origin(f)};
  });
}

void CommandLine::may_be_offline(CLI::App* sub, Fields* f) {
  sub->add_flag("--offline", f->flag["offline"], "Read the files instead of asking the daemon");
  may(sub, f, "--journal", "Journal to read with --offline")->default_val("/var/lib/backstop/journal.db");
  may(sub, f, "--recorder", "Kept samples to read with --offline")->default_val("/var/lib/backstop/recorder.db");
}

Origin CommandLine::origin(Fields* f) { return {f->flag["offline"], f->text["--journal"], f->text["--recorder"]}; }

void CommandLine::add_stats() {
  Fields* f = nullptr;
  CLI::App* sub = command(app_, "stats", "How often is deployed, how many fail, how long until mended (DORA)", f);
  may(sub, f, "SERVICE", "SERVICE or SERVICE/ENVIRONMENT");
  may(sub, f, "--days", "Of the last so many days")->check(CLI::Range(1, 3650))->default_val("30")->type_name("N");
  sub->add_flag("--offline", f->flag["offline"], "Read the journal instead of asking the daemon");
  may(sub, f, "--journal", "Journal to read with --offline")->default_val("/var/lib/backstop/journal.db");
  sub->callback([this, f] {
    out_.what = Stats{f->text["SERVICE"], std::stoi(f->text["--days"]), f->flag["offline"], f->text["--journal"]};
  });
}

} // namespace backstop::ctl
