#pragma once
#include "collectors/http_expectation.hpp"
#include "rules/time.hpp"
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
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
};
/// Targets with these labels are judged against each other while a deployment is watched.
inline constexpr const char* kGroupLabel = "group";
inline constexpr const char* kCanaryGroup = "canary";
inline constexpr const char* kControlGroup = "control";

/// As whom a source over HTTP comes, and whom it trusts.
struct HttpAccess {
  Secret bearer;
  Secret basic;
  std::string ca_file, cert_file, key_file;
};

struct PrometheusSource : HttpAccess {
  Duration timeout{std::chrono::milliseconds(800)};
  std::vector<TargetConfig> targets;
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
struct HttpSource : HttpAccess {
  Duration timeout{std::chrono::seconds(3)};
  std::vector<TargetConfig> targets;
  std::string method = "GET";
  std::vector<StatusRange> expect_status{{200, 299}};
  std::string expect_body; ///< RE2, found anywhere in the body; empty: any body will do
  std::map<std::string, std::string> headers;
};
/// Connects, and hangs up.
struct TcpSource {
  Duration timeout{std::chrono::seconds(3)};
  std::vector<TargetConfig> targets;
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
const std::vector<TargetConfig>* targets_of(const Source& source);
std::vector<TargetConfig>* targets_of(Source& source);
std::size_t target_count(const Source& source);
/// The target's name, "" where the source has no list of them.
std::string target_name(const Source& source, std::size_t target);

} // namespace backstop::config
