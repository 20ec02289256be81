#pragma once
#include "daemon/ctl/invocation.hpp"
#include <CLI/CLI.hpp>
#include <list>
#include <map>
#include <string>
#include <vector>

namespace backstop::ctl {

/// The command line as a tree of CLI11 commands, each of which fills in an Invocation. Values live as long as this.
class CommandLine {
public:
  explicit CommandLine(const Environment& environment);
  Parsed parse(const std::vector<std::string>& words);

private:
  static constexpr const char* kExitCodes =
      "Exit codes: 0 done or kept, 1 error in input or configuration, 2 usage, 3 rolled back and verified,\n"
      "4 refused, 5 rollback failed (LOCKED), 6 undecided or held: a person must look, 7 timeout,\n"
      "8 daemon not reachable, 9 superseded or aborted";

  /// The options of one command, by name, as they were given.
  struct Fields {
    std::map<std::string, std::string> text;
    std::map<std::string, bool> flag;
    std::map<std::string, std::vector<std::string>> list;
  };

  CLI::App* group(const char* name, const char* what);
  CLI::App* command(CLI::App& parent, const char* name, const char* what, Fields*& fields);
  /// A command on a service with a reason: the shape of most of the operator's hand.
  CLI::App* on_service(const char* name, const char* what, Fields*& f);
  /// A value that must be given, or may be: an option where the name begins with --, else a word in its place.
  static CLI::Option* need(CLI::App* sub, Fields* f, const std::string& name, const char* what);
  static CLI::Option* may(CLI::App* sub, Fields* f, const std::string& name, const char* what);
  static CLI::Validator one_of(std::vector<std::string> words);
  static Duration duration(const std::string& text, const char* option);
  static Time time(const std::string& text, const char* option);
  static Json reasoned(Fields* f);
  /// --offline and the files that it reads.
  static void may_be_offline(CLI::App* sub, Fields* f);
  static Origin origin(Fields* f);
  static std::string id_path(const char* what, const std::string& id, const char* verb = "");
  void post(std::string path, Json body, std::string done);
  void get(std::string path, Page page);

  void begin_deployment(Fields* f, bool requests);
  void add_deploy(); // arguments_deploy.cpp
  void add_looks();  // arguments_looks.cpp
  void add_checks();
  void add_report(); // arguments_report.cpp
  void add_release_notes();
  void add_stats();
  void add_hands(); // arguments_hands.cpp
  void add_holds();
  void add_ways_out();
  void add_plan_hands(CLI::App& deploy); // arguments_plans.cpp
  void add_gates();
  void add_plans();
  void add_night();  // arguments_night.cpp
  void add_replay(); // arguments_replay.cpp
  void add_export();
  void add_test_rules();

  [[nodiscard]] std::string mistake(const CLI::ParseError& error) const;
  [[nodiscard]] std::string unknown_word(const CLI::App& at, const std::string& word) const;

  CLI::App app_;
  std::list<Fields> fields_;
  Invocation out_;
};

} // namespace backstop::ctl
