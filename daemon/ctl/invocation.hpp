#pragma once
#include "daemon/json.hpp"
#include "rules/time.hpp"
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace backstop::ctl {

/// Exit codes that scripts rely on (docs/operations.md).
enum Exit : int {
  kDone = 0,
  kInputError = 1,
  kUsage = 2,
  kRolledBack = 3,
  kRefused = 4,
  kRollbackFailed = 5,
  kUndecided = 6,
  kTimeout = 7,
  kUnreachable = 8,
  kSuperseded = 9,
};

/// What a command prints, and its exit code.
struct Said {
  int exit_code = kDone;
  std::string out; ///< standard output
  std::string err; ///< standard error
};

/// How an answer is shown to people.
enum class Page {
  done,
  begun,
  status,
  deployment,
  deployments,
  incident,
  incidents,
  explanation,
  quarantine,
  game_day,
  channel_test,
  checklist,
  plan
};

/// One request to the daemon.
struct Call {
  std::string method = "GET";
  std::string path;
  Json body;
  Page page = Page::done;
  std::string done; ///< what to say when it worked (Page::done)
};
struct Wait {
  std::string id;
  bool whole_bake = false;
  Duration timeout{}; ///< zero: none
};
/// A live screen, until the person ends it.
struct WatchStatus {
  std::string service; ///< empty: all
};
/// The same pages from the journal, without the daemon.
struct Offline {
  Page page = Page::status;
  std::string id; ///< service or incident; empty: all
  std::string journal;
};
struct CheckConfig {
  std::string main_file;
  std::vector<std::string> service_files; ///< service files alone; empty: main_file and all it names
};
struct CheckMetrics {
  std::string file; ///< empty: standard input
  bool openmetrics = false;
};

struct JournalCheck {
  std::string path;
};
/// Every place at which the chain of records is not as it was written.
struct AuditVerify {
  std::string path;
  std::string anchor; ///< "SEQ:HASH" noted elsewhere; empty: none
};
struct JournalRestore {
  std::string path;
};
/// Everything that somebody else needs to look into a fault, without secrets.
struct DebugBundle {
  std::string file; ///< empty: backstop-debug-TIME.tar.gz in the current folder
  std::string config;
};

/// The samples that the daemon kept of a deployment.
struct Export {
  std::string id;
  std::string file; ///< empty: standard output
};
/// What the daemon would have decided over recorded samples: those of files, or those that it kept of a deployment.
struct Replay {
  std::string config; ///< with a deployment: instead of what it was judged by; may be empty
  std::string samples;
  std::optional<Time> deploy_at;
  std::string events; ///< file; empty: begin and finish at `deploy_at`
  std::optional<Time> end;
  bool go_on = false;
  std::string deployment = ""; ///< empty: from files
};

/// Why, and what would have turned the decision.
struct Explain {
  std::string id;
};

/// Where records and samples are read.
struct Origin {
  bool offline = false;          ///< from files instead of the daemon
  std::string journal, recorder; ///< with `offline`
};

/// The log of a deployment or the review of an incident, to send on.
struct Report {
  enum class Format { markdown, html, json };
  std::string id;
  Format format = Format::markdown;
  std::string file; ///< empty: standard output
  Origin from;
  bool confirmation = false; ///< instead: that a deployment ended well
};

/// What changed with the version of a deployment, to send on.
struct ReleaseNotes {
  std::string id;
  std::string git;       ///< "DIR" or "DIR:FROM..TO"; empty: not from git
  std::string fragments; ///< file; empty: none
  bool html = false;     ///< else Markdown
  std::string file;      ///< empty: standard output
  Origin from;
};

/// How often is deployed, and how that ends.
struct Stats {
  std::string service; ///< SERVICE or SERVICE/ENVIRONMENT; empty: all
  int days = 30;       ///< up to now
  bool offline = false;
  std::string journal; ///< with `offline`
};

/// The plan of a service file.
struct LookAtPlan {
  enum class What { show, lint, dry_run };
  What what = What::show;
  std::string file, version, previous;
};

/// Users' tests of their rules.
struct TestRules {
  std::vector<std::string> files;
};

struct Invocation {
  std::string socket = "/run/backstop/control.sock";
  bool json = false;
  bool color = true; ///< wanted; used only on a terminal
  std::variant<Call, Wait, Offline, CheckConfig, CheckMetrics, JournalCheck, AuditVerify, JournalRestore, DebugBundle,
               Export, Explain, Replay, Report, ReleaseNotes, Stats, TestRules, LookAtPlan, WatchStatus>
      what;
};

/// What the environment says; options on the command line count more.
struct Environment {
  std::string socket; ///< BACKSTOP_SOCKET
  bool color = true;  ///< NO_COLOR is not set
};

/// Either something to run, or what to say instead: help, the version, what is wrong with the command line.
struct Parsed {
  std::optional<Invocation> invocation;
  Said said;
};
/// `words`: the command line without the program's name.
Parsed parse_arguments(const std::vector<std::string>& words, const Environment& environment);

} // namespace backstop::ctl
