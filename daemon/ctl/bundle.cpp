#include "daemon/ctl/bundle.hpp"
#include "daemon/config/read.hpp"
#include "daemon/config/show.hpp"
#include "daemon/io/control_client.hpp"
#include "daemon/io/curl_fetcher.hpp"
#include "daemon/io/event_loop.hpp"
#include "daemon/io/files.hpp"
#include "daemon/io/journal_rescue.hpp"
#include "daemon/record.hpp"
#include "daemon/views.hpp"
#include <cstdlib>
#include <deque>

namespace backstop::ctl {
namespace {

constexpr Duration kAnswer = std::chrono::seconds(5);
constexpr std::size_t kRecords = 500; ///< the last ones of the journal
constexpr std::size_t kSecretBytes = std::size_t{64} << 10;

/// Where systemd puts the credentials of the running daemon, for those who may read them.
constexpr const char* kCredentials = "/run/credentials/backstopd.service/";

std::string read_quietly(const config::Secret& secret) {
  if (!secret.inline_value.empty()) return secret.inline_value;
  if (!secret.file.empty()) return read_file(secret.file, kSecretBytes).value_or("");
  if (secret.credential.empty()) return "";
  const char* own = std::getenv("CREDENTIALS_DIRECTORY");
  for (const std::string& folder : {std::string(own ? own : ""), std::string(kCredentials)}) {
    if (folder.empty()) continue;
    if (const auto text = read_file(folder + "/" + secret.credential, kSecretBytes)) return *text;
  }
  return "";
}

class Collector {
public:
  explicit Collector(const BundleSources& sources) : sources_(sources) {}

  Bundle collect() {
    add("version.txt", std::string("backstopctl ") + BACKSTOP_VERSION + "\n");
    configuration();
    const std::string journal = sources_.journal.empty() ? loaded_.config.daemon.journal_path : sources_.journal;
    records(journal);
    answers();
    metrics();
    const std::string lock = read_file(journal + ".lock", 64).value_or("");
    collect_host(bundle_, lock.substr(0, lock.find('\n')), sources_.programs);
    for (BundleFile& file : bundle_.files) file.text = redactor_.clean(file.text);
    for (std::string& missing : bundle_.missing) missing = redactor_.clean(missing);
    read_me();
    return std::move(bundle_);
  }

private:
  void add(std::string name, std::string text) { bundle_.files.push_back({std::move(name), std::move(text)}); }
  void miss(const std::string& name, const std::string& why) { bundle_.missing.push_back(name + ": " + why); }

  void configuration() {
    loaded_ = config::load(sources_.config, config_files());
    redactor_.never_show(loaded_.config, read_quietly);
    std::string text;
    for (const config::Fault& fault : loaded_.faults) text += "fault: " + config::text_of(fault) + "\n";
    for (const config::Fault& fault : loaded_.warnings) text += "warning: " + config::text_of(fault) + "\n";
    if (loaded_.ok()) text += config::show_config(loaded_.config);
    add("config.txt", text);
    if (!loaded_.ok()) miss("config.txt", "the configuration has faults, so it is not there resolved");
  }

  void answers() {
    const ControlClient client(sources_.socket.empty() ? loaded_.config.daemon.control.socket : sources_.socket);
    for (const auto& [name, path] : {std::pair{"status.json", "/v1/status"},
                                     {"deployments.json", "/v1/deployments"},
                                     {"incidents.json", "/v1/incidents"},
                                     {"quarantine.json", "/v1/quarantine"}}) {
      const Result<ControlClient::Answer> answer = client.request("GET", path, "", kAnswer);
      if (!answer) {
        miss(name, answer.error().what);
        continue;
      }
      const Result<Json> document = Json::parse(answer->body);
      add(name, document ? document->dump(2) + "\n" : answer->body);
      if (answer->status >= 400) miss(name, "the daemon refused: status " + std::to_string(answer->status));
    }
  }

  /// Frozen service files stay behind (only their hashes go along); what they hide is hidden in everything else.
  void records(const std::string& path) {
    const Result<JournalReport> report = check_journal(path);
    if (!report) return miss("records.jsonl", report.error().what);
    add("journal.json", Json::object()
                                .set("path", path)
                                .set("good", !report->fault)
                                .set("records", static_cast<std::int64_t>(report->records))
                                .set("first", wall(report->first))
                                .set("last", wall(report->last))
                                .set("fault", report->fault ? Json(report->fault->what) : Json())
                                .dump(2) +
                            "\n");
    const Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open_damaged(path);
    if (!journal) return miss("records.jsonl", journal.error().what);
    std::deque<std::string> lines;
    const Status read = (*journal)->read(0, [&](const Record& record) -> Status {
      lines.push_back(line_of(record));
      if (lines.size() > kRecords) lines.pop_front();
      return {};
    });
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    add("records.jsonl", text);
    if (!read) miss("records.jsonl", "not all of it: " + read.error().what);
  }

  std::string line_of(const Record& record) {
    Json payload = record.payload;
    if (const std::string* frozen = payload["config_text"].as_string()) {
      const config::ServiceOutcome outcome = config::load_service(*frozen, "frozen.yaml");
      redactor_.never_show(outcome.service, read_quietly);
      payload.set("config_text", "left out, " + std::to_string(frozen->size()) + " bytes");
    }
    return Json::object()
        .set("seq", static_cast<std::int64_t>(record.seq))
        .set("time", wall(record.time))
        .set("boot", record.boot)
        .set("actor", record.actor)
        .set("subject", record.subject)
        .set("type", record.type)
        .set("payload", std::move(payload))
        .dump();
  }

  void metrics() {
    const std::string& listen = loaded_.config.daemon.metrics_listen;
    if (listen.empty()) return miss("metrics.txt", "metrics.listen is none");
    Result<std::unique_ptr<EventLoop>> loop = EventLoop::create();
    if (!loop) return miss("metrics.txt", loop.error().what);
    CurlFetcher fetcher(**loop);
    HttpRequest request;
    request.url = "http://" + listen + "/metrics";
    request.timeout = kAnswer;
    fetcher.start(std::move(request), [&](const Result<HttpResponse>& answer) {
      answer ? add("metrics.txt", answer->body) : miss("metrics.txt", answer.error().what);
      (*loop)->exit(0);
    });
    (*loop)->run();
  }

  void read_me() {
    std::string text = "Made by backstopctl debug-bundle, version " + std::string(BACKSTOP_VERSION) +
                       ".\nSecrets are replaced by ***: those that the configuration names, as far as they could be "
                       "read, and all\nthat looks like one. Look through it before you give it away.\n";
    if (!bundle_.missing.empty()) text += "\nMissing:\n";
    for (const std::string& missing : bundle_.missing) text += "- " + missing + "\n";
    bundle_.files.insert(bundle_.files.begin(), {"README.txt", text});
  }

  const BundleSources& sources_;
  config::LoadOutcome loaded_;
  Redactor redactor_;
  Bundle bundle_;
};

} // namespace

Bundle collect_bundle(const BundleSources& sources) { return Collector(sources).collect(); }

} // namespace backstop::ctl
