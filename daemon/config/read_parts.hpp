#pragma once
#include "daemon/config/config.hpp"
#include "daemon/config/mapping.hpp"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The reader's parts, one a file. Each reads one subtree into a struct and notes faults in the sheet.
namespace backstop::config {

void read_daemon(Sheet& sheet, const Node& root, Daemon& out);
/// A fault for each of `values`, which stand in a list at `path`, that is none of `known`. `what`: "channel or role ", or
/// nothing; `things`: "channels and roles", as suggestion() wants them.
void check_known(Sheet& sheet, const std::string& path, const std::vector<std::string>& values,
                 const std::vector<std::string_view>& known, std::string_view what, std::string_view things);
/// What may be told: names of channels and of roles.
std::vector<std::string_view> names_of_recipients(const Daemon& daemon);
void read_page(const Mapping& root, Page& out);
void read_notify(const Mapping& root, Daemon& daemon); ///< channels are read before
void read_service(Sheet& sheet, const Node& root, Service& out);
const std::vector<Word<ChannelType>>& channel_types();
/// One of `channels`; `out` has its name.
void read_channel(const Mapping& root, const Node& node, Channel& out);

// of a service, in this order: later parts look earlier ones up
void read_sources(const Mapping& service, Service& out);
void read_promql(const Mapping& source, PromqlSource& out); ///< what it has of its own
void read_indicators(const Mapping& service, Service& out);
void read_thresholds(const Mapping& service, Service& out);
void read_criteria(const Mapping& service, Service& out);
void read_procedures(const Mapping& service, Service& out);
void read_traffic(const Mapping& service, Service& out);
void read_plan(const Mapping& service, Service& out);
void read_gates(const Mapping& service, Service& out);

// of a step
/// `out` keeps what is not written, but for on_unknown, which follows from `check`.
void read_run_step(const Mapping& step, RunStep& out);
void read_notify_step(const Mapping& step, NotifyStep& out);
/// for, role, share and so on, into the kind of step that `out` is already.
void read_plan_step_keys(const Mapping& step, Step& out);
/// {ready: NAME, scripts: DIR, ...}, without its paths.
void read_ready_plan(const Mapping& service, const Node& node, Plan& out);

// of a source
inline constexpr Duration kLeastInterval{std::chrono::milliseconds(100)};
/// `timeout` is the usual one, or what a shorter interval leaves room for, where none is written: an attempt must be over
/// before the next one starts.
void read_timeout(const Mapping& source, Duration interval, Duration& timeout);
/// How the targets of a kind of source are written.
struct TargetKind {
  std::string_view example; ///< of one, for messages
  std::string_view path;    ///< of the URL of one that is found, unless another is written
  bool tcp = false;         ///< by address, without a URL
};
/// targets, file_sd and dns_sd: at least one of them.
void read_targets(const Mapping& source, const TargetKind& kind, TargetList& out);
/// Of types postgresql, pgbouncer and mysql.
void read_database(const Mapping& mapping, const std::string& type, Source& out);

// shared
/// What may stand in the file in place of a reference to a secret.
enum class Inline { nothing, url, dsn };
void read_secret(const Mapping& parent, std::string_view key, Secret& out, Inline allowed);
void read_command(const Mapping& parent, std::string_view key, std::optional<Command>& out);
void read_confinement(const Mapping& step, Confinement& out);
void read_mode(const Mapping& parent, Mode& out);
/// true or false.
void read_flag(const Mapping& parent, std::string_view key, bool& out);
/// keep_firing_for, m_of_n, max_gap (by default 30 s, at least 3 of `interval`) and the four kinds of absence.
void read_rule(const Mapping& rule, Duration interval, Timing& timing, AbsencePolicy& absence);
/// The value of the key that decides which keys a mapping has (`type`, `kind`), looked at before the mapping is opened.
/// Nothing, and a fault that names the closed set, where it is missing or unknown. `thing`: "source", "step of kind".
std::optional<std::string> type_of(Sheet& sheet, const Node& node, std::string_view key, const std::string& path,
                                   const std::vector<std::string_view>& known, std::string_view thing);
/// Notes a fault where `url` is no http(s) URL or has a user and password in it.
void check_url(const Mapping& parent, std::string_view key, const std::string& url);
const Indicator* find_indicator(const Service& service, std::string_view name);
const Source* find_source(const Service& service, std::string_view name);
const std::string& source_of(const Indicator& indicator);
/// The interval of the indicator's source, 1 s where the source is unknown.
Duration interval_of(const Service& service, const Indicator& indicator);

} // namespace backstop::config
