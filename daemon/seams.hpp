#pragma once
#include "daemon/config/confinement.hpp"
#include "daemon/record.hpp"
#include "rules/result.hpp"
#include "rules/sample.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The seams between the app and the world: 2-4 methods each, faked in tests/fakes, real in daemon/io.
namespace backstop {

/// Names one attempt of one step for ever: the idempotency key of acting on the world.
struct StepKey {
  std::string deployment;
  std::string procedure; ///< "rollback", "plan", "preflight", "checklist"
  std::string path;      ///< "3", of a plan "2.3"
  int attempt = 1;
  auto operator<=>(const StepKey&) const = default;
  /// "<deployment>/<procedure>/<path>/<attempt>"
  [[nodiscard]] std::string text() const;
};

/// Which configured command is meant, and the fields that fill it in. A runner that trusts the configuration alone builds
/// the command anew from this, see step_order.hpp.
struct StepOrder {
  enum class Act { run, check, preflight, version, channel, item };
  Act act = Act::run;
  std::string service;     ///< key, "shop/production"; empty for a channel
  std::string config_hash; ///< of the service's file as frozen; empty for a channel
  std::string step; ///< path of the step in the rollback ("2") or the plan ("2.3"); of a channel, an item: its name
  /// Of a step: version, previous_version, deployment, incident, reason, side. Of a channel: key, severity, title, body.
  std::map<std::string, std::string> fields;
};
std::string_view name_of(StepOrder::Act act);
std::optional<StepOrder::Act> act_named(std::string_view name);

/// A command as it will be executed: placeholders are expanded, nothing passes through a shell.
struct StepCommand {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment; ///< the whole environment, not additions to ours
  std::string user;                               ///< empty: the daemon's own
  std::string directory = "/";
  std::string lock_file; ///< flock()ed for the time of the step; taken by another: StepEnd::locked, nothing was run
  Duration timeout{};    ///< above zero; SIGTERM to the process group, `kill_after` later SIGKILL
  Duration kill_after{std::chrono::seconds(5)};
  std::size_t output_limit = std::size_t{16} << 10; ///< the last bytes of stdout and stderr kept
  StepOrder order;                                  ///< where all of this comes from
  config::Confinement confinement;                  ///< held to by runners that enforce it, see StepRunner
};

enum class StepEnd {
  exited,          ///< by itself; `status` is the exit status
  signaled,        ///< by a signal it was not sent by us; `status` is the signal
  timed_out,       ///< we ended it at its deadline
  failed_to_start, ///< it never ran: no such file, no right, no such user; `detail` says which
  locked,          ///< it never ran: the lock file is held by somebody else
  cancelled,       ///< we ended it because a person said so
  unknown,         ///< it was started, and nobody can tell how it ended (its supervisor died, the host went down)
};

/// "exited", "timed_out" ...: how an end is written in records and files.
std::string_view name_of(StepEnd end);
std::optional<StepEnd> step_end_named(std::string_view name);

struct StepOutcome {
  StepEnd end = StepEnd::unknown;
  int status = 0;
  Duration took{};
  std::string output; ///< the last `output_limit` bytes, valid UTF-8 (other bytes replaced)
  bool output_cut = false;
  std::string detail; ///< a sentence for people; empty where `end` says it all
  /// Of failed_to_start: for a reason of the host that may pass; nothing was run and no trace is kept.
  bool may_pass = false;
  [[nodiscard]] bool succeeded() const { return end == StepEnd::exited && status == 0; }
};

/// Seam: runs the commands of steps. The only thing in the daemon that acts on the host.
class StepRunner {
public:
  enum class Seen {
    never,    ///< no trace of this key: it was never started here
    running,  ///< started, and alive; on_finished will tell
    finished, ///< its outcome is kept; on_finished will tell (again, if it told before)
    lost,     ///< it was started and no outcome can be had any more
  };
  virtual ~StepRunner() = default;

  /// Starts `command` under `key`. A second start of a key that was ever started is refused (Errc::refused), which is
  /// what makes "at most once" hold. Errors to start the command itself come as an outcome, not here. After any other
  /// error than that refusal nothing was run and no trace is kept.
  virtual Status start(const StepKey& key, const StepCommand& command) = 0;
  /// After a restart: what became of `key`. For running and finished keys on_finished is called later from the loop.
  virtual Seen adopt(const StepKey& key) = 0;
  /// Ends a running step as its timeout would. No effect on others.
  virtual void cancel(const StepKey& key) = 0;
  /// The outcome is safely recorded: what is kept of it may go. adopt() says lost from then on, and a start is still
  /// refused. No effect on a running step.
  virtual void forget(const StepKey& key) = 0;
  /// "child processes", "units": for people.
  [[nodiscard]] virtual std::string_view runs_as() const = 0;
  /// Whether commands are held to their confinement. False: they run as if none was asked for.
  [[nodiscard]] virtual bool confines() const = 0;

  /// Called from the loop, at least once for each started or adopted key.
  std::function<void(const StepKey&, const StepOutcome&)> on_finished;
};

struct ServiceWatch;

/// Seam: asks the sources of a service that keep a past what they would have shown.
class PastReader {
public:
  using Done = std::function<void(Result<std::vector<Scrape>>, Time now)>;
  virtual ~PastReader() = default;
  /// Whether a source of the service has a past that can be asked for.
  [[nodiscard]] virtual bool has_past(const ServiceWatch& watch) const = 0;
  /// The scrapes of (from, to], oldest first, in judge time. `done` is called once, from the loop, within the sources'
  /// timeouts; after an error never. A later read of the same service gives an earlier one up.
  virtual Status read(const ServiceWatch& watch, Time from, Time to, Done done) = 0;
};

/// Seam: the append-only store of records.
class Journal {
public:
  virtual ~Journal() = default;
  /// Appends all of `records` in one durable transaction, or none. Fills in seq and prev_hash of each.
  virtual Status append(std::span<Record> records) = 0;
  /// Calls `each` for every record with seq > `after` in order, until it returns an error.
  virtual Status read(std::uint64_t after, const std::function<Status(const Record&)>& each) const = 0;
  /// The records that the one with this seq names (a JournalCompacted, already appended) are not read any more, and may be
  /// removed. Saying so again does nothing.
  virtual Status let_go(std::uint64_t compacted) = 0;
};

/// A target as samples of it are kept.
struct ScrapedTarget {
  std::string service; ///< key
  std::string source;  ///< name
  std::string target;  ///< its URL, or its place among the targets of the source, from 0
  auto operator<=>(const ScrapedTarget&) const = default;
};

/// One attempt to read one target, with the values that it gave before anybody judged them.
struct KeptScrape {
  struct Value {
    SharedText series; ///< NamedSeries::text; the same object for the same series, where it can be
    double value = 0;
  };
  std::shared_ptr<const ScrapedTarget> of;
  Time t{};                  ///< when it was asked
  Duration took{};           ///< until the answer was whole
  bool ok = true;            ///< an answer that could be read
  std::string why;           ///< of one that failed
  std::vector<Value> values; ///< each series once, in the order in which they were first seen
};

/// Seam: the store of what would be nice to have after a restart: running state (so that a restart changes nothing), and
/// scrapes, so that a deployment can be replayed. Decisions are never taken from these. Cheaper than the journal and less
/// sure: a power cut may take the last seconds, a full disk all that follows. Nothing waits for it: the caller counts an
/// error and goes on.
class Recorder {
public:
  virtual ~Recorder() = default;
  /// Keeps `value` under `key` in place of what was there; null removes it.
  virtual Status put(std::string_view key, const Json& value) = 0;
  /// What was put last, null where nothing was.
  virtual Result<Json> get(std::string_view key) const = 0;
  /// Keeps scrapes, all of them or none; the oldest ones go when there are too many.
  virtual Status note_scrapes(std::span<const KeptScrape> scrapes) = 0;
  /// Scrapes of `service` with from <= t < to, in order of time. It ends after those of the time at which there are
  /// `most` scrapes and values; so a next call from behind that time goes on.
  virtual Result<std::vector<KeptScrape>> scrapes(std::string_view service, Time from, Time to,
                                                  std::size_t most) const = 0;
  /// Lets scrapes with from <= t < to go, the oldest first, a bounded number a call.
  virtual Status forget_scrapes(std::string_view service, Time from, Time to) = 0;
};

/// One message for people or machines outside. Persisted before it is sent.
struct Notice {
  std::string key;      ///< (incident, event, channel): a duplicate carries the same key
  std::string channel;  ///< name of a configured channel
  std::string severity; ///< "info", "alert", "critical", "resolved"
  std::string title;    ///< one line that says the whole thing
  std::string body;     ///< JSON object with the details
};

/// How one attempt to deliver a notice ended.
struct Delivery {
  /// An error's text says what the other side answered. Errc::refused: it will not take this as it is (a wrong credential,
  /// a payload that it does not like); trying again soon is of no use, but a person may mend it.
  Status status;
  Duration retry_after{}; ///< not earlier than that; zero: the caller's backoff decides
  std::string answer;     ///< of one that was taken: what the other side said, in one line
  Time at{};              ///< when it ended, from where a retry counts; zero: as of the last time that was told
};

/// Seam: delivers notices to channels.
class Notifier {
public:
  using Done = std::function<void(const Delivery&)>;
  virtual ~Notifier() = default;
  /// Starts one attempt. `done` is called once: from the loop, or from inside send() where an attempt cannot even start.
  virtual void send(const Notice& notice, Done done) = 0;
};

enum class LogLevel { debug, info, warning, error };

/// Seam: where the app says what happened. Journald fields under systemd, readable text otherwise.
class Log {
public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  virtual ~Log() = default;
  /// `fields` are names as journald spells them ("BACKSTOP_DEPLOYMENT") with their values.
  virtual void write(LogLevel level, const std::string& message, const Fields& fields) = 0;
};

} // namespace backstop
