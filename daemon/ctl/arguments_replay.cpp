#include "daemon/ctl/command_line.hpp"
#include <charconv>
#include <cmath>
#include <utility>

namespace backstop::ctl {

Time CommandLine::time(const std::string& text, const char* option) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || std::abs(value) > 1e11)
    throw CLI::ValidationError(option, "'" + text + "' is no time; write seconds since 1970, for example 1767225600");
  return Time{} + seconds_f(value);
}

void CommandLine::add_replay() {
  Fields* f = nullptr;
  CLI::App* sub = command(app_, "replay", "What would have been decided over recorded samples, as JSON lines", f);
  may(sub, f, "--deployment", "A past deployment, from what was kept of it; no --samples beside it")->type_name("ID");
  may(sub, f, "--config", "Service file (with --deployment: instead of what it was judged by)")->type_name("PATH");
  may(sub, f, "--samples", "OpenMetrics text with timestamps")->type_name("PATH");
  CLI::Option* at = may(sub, f, "--deploy-at", "Begin and finish of the deployment, in seconds since 1970");
  at->type_name("TIME");
  CLI::Option* events = may(sub, f, "--events", "JSON lines instead: begin, finish, signal, hold ... each with its t");
  events->type_name("PATH")->excludes(at);
  may(sub, f, "--end", "Stop then (default: the last sample)")->type_name("TIME");
  sub->add_flag("--continue", f->flag["continue"], "Go on after the first RollBack");
  sub->callback([this, f] {
    Replay replay{f->text["--config"], f->text["--samples"],   {}, f->text["--events"], {},
                  f->flag["continue"], f->text["--deployment"]};
    if (!f->text["--deploy-at"].empty()) replay.deploy_at = time(f->text["--deploy-at"], "--deploy-at");
    if (!f->text["--end"].empty()) replay.end = time(f->text["--end"], "--end");
    // Not by the library: it shows several that an option excludes in a different order each time.
    for (const char* other : {"--samples", "--deploy-at", "--events"})
      if (!replay.deployment.empty() && !f->text[other].empty()) throw CLI::ExcludesError("--deployment", other);
    if (replay.deployment.empty()) {
      if (replay.config.empty() && replay.samples.empty())
        throw CLI::RequiredError("--deployment, or --config and --samples,");
      if (replay.config.empty()) throw CLI::RequiredError("--config");
      if (replay.samples.empty()) throw CLI::RequiredError("--samples");
      if (!replay.deploy_at && replay.events.empty()) throw CLI::RequiredError("--deploy-at or --events");
    }
    out_.what = std::move(replay);
  });
  sub->footer("Exit codes: 0 kept, or nothing was decided against it; 1 error in input; 2 usage;\n"
              "3 it would have been rolled back; 6 undecided or held");
}

void CommandLine::add_export() {
  Fields* f = nullptr;
  CLI::App* sub = command(app_, "export", "The samples that were kept of a deployment, from 30 minutes before it", f);
  need(sub, f, "ID", "Deployment");
  may(sub, f, "--format", "openmetrics: text with timestamps, for replay and promtool")
      ->check(one_of({"openmetrics"}))
      ->default_val("openmetrics");
  may(sub, f, "--output", "File to write (default: standard output)")->type_name("FILE");
  sub->callback([this, f] { out_.what = Export{f->text["ID"], f->text["--output"]}; });
}

void CommandLine::add_test_rules() {
  Fields* f = nullptr;
  CLI::App* sub =
      command(app_, "test-rules", "Run tests of your rules: made-up samples, and what is expected of them", f);
  sub->add_option("FILES", f->list["files"], "Files of tests, see docs/testing-rules.md")->required()->type_name("");
  sub->callback([this, f] { out_.what = TestRules{f->list["files"]}; });
  sub->footer("Exit codes: 0 all passed; 1 a test failed, or an error in a file; 2 usage");
}

} // namespace backstop::ctl
