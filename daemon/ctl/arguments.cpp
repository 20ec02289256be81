#include "daemon/config/keys.hpp"
#include "daemon/config/quantities.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/command_line.hpp"
#include "daemon/io/control_client.hpp"
#include <algorithm>
#include <cctype>
#include <sstream>
#include <utility>

namespace backstop::ctl {
namespace {

/// "deploy begin" for the command that was being read; "" for none.
std::string path_of(const CLI::App* app) {
  std::string path;
  for (; app->get_parent(); app = app->get_parent()) path = app->get_name() + (path.empty() ? "" : " " + path);
  return path;
}

const CLI::App* deepest(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::vector<std::string> commands_below(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_name().empty()) names.push_back(sub->get_name());
  }
  return names;
}

std::string see_help(const std::string& path) {
  return " (see: backstopctl " + path + (path.empty() ? "" : " ") + "--help)";
}

} // namespace

CommandLine::CommandLine(const Environment& environment)
    : app_("backstopctl asks and steers backstopd, which stands behind every deployment on this host.", "backstopctl") {
  app_.set_version_flag("--version", std::string("backstopctl ") + BACKSTOP_VERSION, "The version of backstopctl");
  app_.get_formatter()->label("REQUIRED", "(required)");
  app_.get_formatter()->label("TEXT", "");
  app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app_.set_help_flag("--help,-h", "This text; of a command: its options");
  app_.require_subcommand(1);
  if (!environment.socket.empty()) out_.socket = environment.socket;
  out_.color = environment.color;
  app_.add_option("--socket", out_.socket, "Control socket of the daemon (also: BACKSTOP_SOCKET)")
      ->type_name("PATH")
      ->capture_default_str();
  app_.add_flag("--json", out_.json, "Print the answer as JSON (docs/control-api.md)");
  app_.add_flag_callback(
      "--no-color", [this] { out_.color = false; }, "No colors (also: NO_COLOR=1)");
  app_.fallthrough();
  const auto title = [this](const char* name) { // of the commands added since the last one
    for (CLI::App* sub : app_.get_subcommands([](const CLI::App* s) { return s->get_group() == "Subcommands"; }))
      sub->group(name);
  };
  add_deploy();
  title("Deploy");
  add_looks();
  add_report();
  add_release_notes();
  add_stats();
  title("Look");
  add_hands();
  add_gates();
  add_plans();
  title("Act");
  add_checks();
  title("Configuration");
  add_replay();
  add_export();
  add_test_rules();
  title("Rules");
  add_night();
  title("At night");
  app_.footer(kExitCodes); // after the commands, which would inherit it
}

Parsed CommandLine::parse(const std::vector<std::string>& words) {
  Parsed parsed;
  try {
    app_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    parsed.invocation = out_;
  } catch (const CLI::ParseError& e) {
    std::ostringstream out, err;
    if (app_.exit(e, out, err) == 0)
      parsed.said = {kDone, out.str(), ""};
    else
      parsed.said = {kUsage, "", complaint(mistake(e))};
  }
  return parsed;
}

std::string CommandLine::mistake(const CLI::ParseError& error) const {
  const CLI::App* at = deepest(&app_);
  const std::string path = path_of(at);
  // An unknown word is the cause of what else is missing.
  if (const std::vector<std::string> unknown = app_.remaining(true); !unknown.empty())
    return unknown_word(*at, unknown.front());
  std::string what = error.what();
  if (const std::size_t no_value = what.find(": 1 required"); no_value != std::string::npos)
    what = what.substr(0, no_value) + " needs a value";
  if (error.get_name() == "RequiredError" && at == &app_) what = "a command is missing";
  if (const auto below = commands_below(*at); error.get_name() == "RequiredError" && at != &app_ && !below.empty()) {
    what = "a command is missing, one of";
    for (const std::string& name : below) what += (name == below.front() ? " " : ", ") + name;
  }
  return (path.empty() ? "" : path + ": ") + what + see_help(path);
}

std::string CommandLine::unknown_word(const CLI::App& at, const std::string& word) const {
  const std::string path = path_of(&at);
  const std::string where = path.empty() ? "" : path + ": ";
  std::vector<std::string> known;
  if (word.front() == '-') {
    for (const CLI::App* app = &at; app; app = app->get_parent()) {
      for (const CLI::Option* option : app->get_options()) {
        if (!option->get_lnames().empty()) known.push_back("--" + option->get_lnames().front());
      }
    }
  } else {
    known = commands_below(at);
    if (known.empty()) return where + "'" + word + "' is one word too many" + see_help(path);
    for (const CLI::App* group : app_.get_subcommands([](const CLI::App*) { return true; })) {
      const std::vector<std::string> below = commands_below(*group);
      // `wait` alone: it is `deploy wait`.
      if (path.empty() && std::find(below.begin(), below.end(), word) != below.end())
        return "'" + word + "' is not a command (did you mean \"" + group->get_name() + " " + word + "\"?)";
    }
  }
  const std::string given = word.substr(0, word.front() == '-' ? word.find('=') : std::string::npos);
  const std::string_view near = config::nearest(given, {known.begin(), known.end()});
  const std::string kind = word.front() == '-' ? "an option" : "a command";
  return where + "'" + given + "' is not " + kind +
         (near.empty() ? see_help(path) : " (did you mean \"" + std::string(near) + "\"?)");
}

CLI::App* CommandLine::group(const char* name, const char* what) {
  CLI::App* sub = app_.add_subcommand(name, what);
  sub->require_subcommand(1);
  sub->fallthrough();
  return sub;
}

CLI::App* CommandLine::command(CLI::App& parent, const char* name, const char* what, Fields*& fields) {
  fields = &fields_.emplace_back();
  CLI::App* sub = parent.add_subcommand(name, what);
  if (&parent != &app_) sub->group("Commands");
  sub->fallthrough();
  return sub;
}

CLI::Option* CommandLine::may(CLI::App* sub, Fields* f, const std::string& name, const char* what) {
  std::string value; // how its value is called in the help: --reason REASON
  if (name.front() == '-') {
    for (const char c : name.substr(2)) value += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (name == "--for" || name == "--timeout") value = "DURATION";
  }
  return sub->add_option(name, f->text[name], what)->type_name(value);
}

CLI::Option* CommandLine::need(CLI::App* sub, Fields* f, const std::string& name, const char* what) {
  return may(sub, f, name, what)->required();
}

CLI::App* CommandLine::on_service(const char* name, const char* what, Fields*& f) {
  CLI::App* sub = command(app_, name, what, f);
  need(sub, f, "SERVICE", "SERVICE or SERVICE/ENVIRONMENT");
  need(sub, f, "--reason", "Why, for the record");
  return sub;
}

CLI::Validator CommandLine::one_of(std::vector<std::string> words) {
  return {[words = std::move(words)](std::string& given) -> std::string {
            if (std::find(words.begin(), words.end(), given) != words.end()) return "";
            return "'" + given + "' is not known; " + config::suggestion(given, {words.begin(), words.end()}, "words");
          },
          "", "one_of"};
}

Duration CommandLine::duration(const std::string& text, const char* option) {
  config::Mistake mistake;
  const auto parsed = config::parse_duration(text, mistake);
  if (!parsed) throw CLI::ValidationError(option, mistake.what + (mistake.how.empty() ? "" : "; " + mistake.how));
  return *parsed;
}

Json CommandLine::reasoned(Fields* f) {
  return Json::object().set("service", f->text["SERVICE"]).set("reason", f->text["--reason"]);
}

std::string CommandLine::id_path(const char* what, const std::string& id, const char* verb) {
  return std::string("/v1/") + what + "/" + ControlClient::encoded(id) + (*verb ? std::string("/") + verb : "");
}

void CommandLine::post(std::string path, Json body, std::string done) {
  out_.what = Call{"POST", std::move(path), std::move(body), Page::done, std::move(done)};
}

void CommandLine::get(std::string path, Page page) { out_.what = Call{"GET", std::move(path), Json(), page, ""}; }

Parsed parse_arguments(const std::vector<std::string>& words, const Environment& environment) {
  return CommandLine(environment).parse(words);
}

} // namespace backstop::ctl
