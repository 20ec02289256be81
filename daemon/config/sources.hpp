#pragma once
#include "collectors/http_expectation.hpp"
#include "rules/time.hpp"
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Where samples come from, as configured.
namespace backstop::config {

/// A secret by reference. The value is read when it is needed, from $CREDENTIALS_DIRECTORY/<credential> or the file,
/// and never shown. Inline values are allowed only where `inline_value` says so (a DSN without a password).
struct Secret {
  std::string credential;
  std::string file;
  std::string inline_value;
  [[nodiscard]] bool empty() const { return credential.empty() && file.empty() && inline_value.empty(); }
  bool operator==(const Secret&) const = default;
};

/// One of the targets of a source that has a list of them.
struct TargetConfig {
  std::string url;
  std::string address; ///< of a tcp source, in place of the URL: "host:port"
  std::string unix_socket;
  std::map<std::string, std::string> labels;
  /// What people call it: in answers, recordings and messages.
  [[nodiscard]] const std::string& name() const {
    return !url.empty() ? url : !address.empty() ? address : unix_socket;
  }
  bool operator==(const TargetConfig&) const = default;
};
/// Targets with these labels are judged against each other while a deployment is watched.
inline constexpr const char* kGroupLabel = "group";
inline constexpr const char* kCanaryGroup = "canary";
inline constexpr const char* kControlGroup = "control";

/// How targets are looked for, and what is made of an address that was found.
struct Discovery {
  Duration refresh{};                        ///< between two looks
  std::string scheme = "http";               ///< of the URL; not used by a tcp source
  std::string path;                          ///< of the URL, with its '/'
  std::map<std::string, std::string> labels; ///< of all that are found; what is found with a target goes before
};
/// Files that list targets, in the format of Prometheus' file_sd.
struct FileDiscovery : Discovery {
  std::vector<std::string> files; ///< absolute; the last part may hold *, ? and [...]
};
enum class DnsType { srv, a, aaaa };
struct DnsDiscovery : Discovery {
  std::vector<std::string> names;
  DnsType type = DnsType::srv;
  std::uint16_t port = 0; ///< of a and aaaa
  std::string server;     ///< "host:port" of a name server, its host an address; empty: those of the host
};
/// The targets of a source that has a list of them: those that are written, and where others are found.
struct TargetList {
  std::vector<TargetConfig> targets;
  std::optional<FileDiscovery> file_sd;
  std::optional<DnsDiscovery> dns_sd;
  [[nodiscard]] bool discovers() const { return file_sd || dns_sd; }
};
/// A list that gives more of them is not taken.
inline constexpr std::size_t kMostTargets = 1'000;

/// As whom a source over HTTP comes, and whom it trusts.
struct HttpAccess {
  Secret bearer;
  Secret basic;
  std::string ca_file, cert_file, key_file;
};

struct PrometheusSource : HttpAccess, TargetList {
  Duration timeout{std::chrono::milliseconds(800)};
  std::uint64_t max_bytes = std::uint64_t{16} << 20;
  std::uint32_t max_series = 50'000; ///< wanted series kept per target
};
struct HostSource {
  std::string unit; ///< systemd unit whose cgroup is measured too; empty: the host alone
};
struct SystemdSource {
  std::string unit; ///< with its kind: "checkout.service"
  Duration timeout{std::chrono::milliseconds(800)};
};
/// Counts the lines that a unit writes to the host's journal.
struct JournalLinesSource {
  std::string unit; ///< with its kind: "checkout.service"
  Duration timeout{std::chrono::seconds(2)};
};
struct PostgresqlSource {
  Secret dsn;
  Duration timeout{std::chrono::seconds(3)};
};
/// The admin console of a PgBouncer.
struct PgbouncerSource {
  Secret dsn;
  Duration timeout{std::chrono::seconds(3)};
};
/// A MySQL or MariaDB server, by TCP or by its socket.
struct MysqlSource {
  std::string host;
  std::uint16_t port = 3306;
  std::string unix_socket;
  std::string user = "backstop";
  Secret password;
  std::string ca_file, cert_file, key_file;
  Duration timeout{std::chrono::seconds(3)};
};
/// Requests something and looks at the answer.
struct HttpSource : HttpAccess, TargetList {
  Duration timeout{std::chrono::seconds(3)};
  std::string method = "GET";
  std::vector<StatusRange> expect_status{{200, 299}};
  std::string expect_body; ///< RE2, found anywhere in the body; empty: any body will do
  std::map<std::string, std::string> headers;
};
/// Connects, and hangs up.
struct TcpSource : TargetList {
  Duration timeout{std::chrono::seconds(3)};
};
/// Runs a monitoring plugin.
struct CommandSource {
  std::vector<std::string> argv;
  Duration timeout{std::chrono::seconds(10)};
};

/// Asks an engine of PromQL (Prometheus, Thanos, Mimir, VictoriaMetrics).
struct PromqlSource : HttpAccess {
  struct Query {
    std::string name; ///< what indicators call its series
    std::string expression;
  };
  std::string url;
  Duration timeout{std::chrono::seconds(10)};
  /// Asked for as of so long ago: what an engine shows later than that is not counted.
  Duration query_offset{std::chrono::seconds(2)};
  std::vector<Query> queries;
  std::map<std::string, std::string> headers;
  std::uint32_t max_series = 1'000; ///< of each query
};

struct Source {
  std::string name;
  Duration interval{std::chrono::seconds(1)};
  std::variant<PrometheusSource, HostSource, SystemdSource, PostgresqlSource, PgbouncerSource, MysqlSource, HttpSource,
               TcpSource, CommandSource, PromqlSource, JournalLinesSource>
      kind;
};

/// How late the samples of a source are, by its configuration.
Duration query_offset_of(const Source& source);

/// The list of targets of a source, null where its kind has none: such a source is one target.
const TargetList* targets_of(const Source& source);
TargetList* targets_of(Source& source);
/// Those that have the label `group` of that value, by their places.
std::vector<std::uint32_t> targets_in_group(const std::vector<TargetConfig>& targets, std::string_view group);

} // namespace backstop::config
