#include "daemon/config/read.hpp"
#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/bundle.hpp"
#include "daemon/ctl/program.hpp"
#include "daemon/io/files.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"
#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>

/// `debug-bundle` with the daemon down, from a configuration and a journal with a secret in every place.
namespace backstop::ctl::test {
namespace {

using testing::HasSubstr;

/// Each place in which a configuration, or a step's output, can hold a secret.
const std::vector<std::string> kPlanted{
    "planted-bearer",    "planted-basic",       "planted-dsn",         "planted%20encoded", "planted-hook-file",
    "planted-hook-line", "planted-deadman",     "planted-credential",  "planted-env",       "planted-argv-token",
    "planted-argv-word", "planted-check-pw",    "planted-channel-key", "planted-query",     "planted-header",
    "planted-page-key",  "planted-plugin-word", "planted-mysql-pw",    "planted-unknown"};

class CtlBundle : public testing::Test {
protected:
  void SetUp() override {
    put("bearer", "planted-bearer\n");
    put("basic", "ana:planted-basic\n");
    put("dsn", "host=db.example user=ana password='planted-dsn' dbname=shop\n");
    put("dsn2", "postgresql://ana:planted%20encoded@db.example/shop\n");
    put("mysql", "planted-mysql-pw\n");
    put("hook", "https://hooks.example/T0/planted-hook-file\n");
    put("credentials/ping", "https://ping.example/planted-credential\n");
    ::setenv("CREDENTIALS_DIRECTORY", at("credentials").c_str(), 1);
    put("services/shop.yaml", service());
    put("backstop.yaml", "journal: {path: " + at("journal.db") + "}\nmetrics: {listen: none}\nservices: " +
                             at("services/*.yaml") + "\ncontrol: {socket: " + at("control.sock") +
                             "}\nchannels:\n  a: {type: webhook, url: {file: " + at("hook") +
                             "}}\n  b: {type: webhook, url: \"https://hooks.example/T0/planted-hook-line\"}\n"
                             "  c: {type: command, argv: [/bin/tell, --api-key, planted-channel-key]}\n"
                             "  d: {type: webhook, url: {credential: ping}}\n"
                             "deadman: {url: \"https://ping.example/planted-deadman\"}\n");
    fill_journal();
  }
  void TearDown() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }
  [[nodiscard]] std::string at(const std::string& name) const { return directory_.path() + "/" + name; }
  void put(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
    std::ofstream(at(name), std::ios::binary) << text;
  }
  [[nodiscard]] std::string service() const {
    return "service: shop\nmode: auto\nsources:\n"
           "  app: {type: prometheus, targets: [{url: \"http://127.0.0.1:1/metrics?key=planted-query\"}], bearer: "
           "{file: " +
           at("bearer") +
           "}}\n  other: {type: prometheus, targets: [{url: \"http://127.0.0.1:1/m\"}], basic: {file: " + at("basic") +
           "}}\n  db: {type: postgresql, dsn: {file: " + at("dsn") +
           "}}\n  db2: {type: postgresql, dsn: {file: " + at("dsn2") +
           "}}\n  db3: {type: mysql, host: db.example, password: {file: " + at("mysql") +
           "}}\n  web: {type: http, headers: {X-Shop: planted-header}, targets: [{url: "
           "\"http://127.0.0.1:1/?k=planted-page-key\"}]}\n  disk: {type: command, argv: [/bin/look, --password, "
           "planted-plugin-word]}\n  host: {type: host}\nindicators: {cpu: {gauge: "
           "host_cpu_percent, source: host}}\n"
           "thresholds: {rows: {cpu: {normal: '< 50%', alert: '50% - 80%', critical: '> 80%'}}}\n"
           "procedures:\n  rollback:\n    - name: execute\n      kind: run\n"
           "      argv: [/bin/execute, --token=planted-argv-token, --password, planted-argv-word]\n"
           "      check: {argv: [/bin/is-at, --db-password=planted-check-pw]}\n"
           "      env: {SHOP_KEY: planted-env}\n"
           "    - {name: verify, kind: watch}\n";
  }
  /// A deployment that froze the file above, and a step that printed all of it.
  void fill_journal() {
    std::string printed = "PGPASSWORD=planted-unknown\n";
    for (const std::string& secret : kPlanted) {
      if (secret != "planted-unknown") printed += "said " + secret + " aloud\n";
    }
    Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(at("journal.db"));
    ASSERT_TRUE(journal) << journal.error().what;
    DeploymentRequested requested;
    requested.id = "D1";
    requested.service = "shop/production";
    requested.version = "v2";
    requested.config_text = service();
    StepEnded ended;
    ended.deployment = "D1";
    ended.procedure = "rollback";
    ended.path = "1";
    ended.end = "exited";
    ended.output = printed;
    const StepIntended intended{
        "D1", "rollback", "1", "execute", "run", 1, {"/bin/execute", "--token=planted-argv-token"}};
    for (const Payload& payload : {Payload(requested), Payload(intended), Payload(ended)}) {
      Record record;
      record.time = time_from_us(1'767'225'600'000'000);
      record.actor = "backstopd";
      record.subject = "D1";
      record.type = type_of(payload);
      record.payload = encode(payload);
      ASSERT_TRUE((*journal)->append({&record, 1}));
    }
  }
  [[nodiscard]] Bundle collect() const {
    BundleSources sources;
    sources.config = at("backstop.yaml");
    sources.programs = false;
    return collect_bundle(sources);
  }
  static std::string text_of(const Bundle& bundle, const std::string& name) {
    for (const BundleFile& file : bundle.files)
      if (file.name == name) return file.text;
    return "";
  }
  TemporaryDirectory directory_;
};

TEST_F(CtlBundle, TheConfigurationOfTheTestHasNoFaults) {
  const config::LoadOutcome loaded = config::load(at("backstop.yaml"), config_files());
  for (const config::Fault& fault : loaded.faults) ADD_FAILURE() << config::text_of(fault);
}

TEST_F(CtlBundle, NoSecretOfAnyPlaceIsInIt) {
  const Bundle bundle = collect();
  for (const BundleFile& file : bundle.files) {
    for (const std::string& secret : kPlanted)
      EXPECT_EQ(file.text.find(secret), std::string::npos) << secret << " in " << file.name << ":\n" << file.text;
  }
}

TEST_F(CtlBundle, WhatIsNeededIsInItWithTheDaemonDown) {
  const Bundle bundle = collect();
  EXPECT_THAT(text_of(bundle, "version.txt"), HasSubstr("backstopctl "));
  EXPECT_THAT(text_of(bundle, "config.txt"), HasSubstr("service shop/production"));
  EXPECT_THAT(text_of(bundle, "records.jsonl"), HasSubstr("\"type\":\"step_ended\""));
  EXPECT_THAT(text_of(bundle, "records.jsonl"), HasSubstr("said *** aloud"));
  EXPECT_THAT(text_of(bundle, "journal.json"), HasSubstr("\"good\": true"));
  EXPECT_THAT(text_of(bundle, "proc/meminfo"), HasSubstr("MemTotal"));
  EXPECT_THAT(text_of(bundle, "README.txt"), HasSubstr("- status.json: "));
  EXPECT_THAT(text_of(bundle, "README.txt"), HasSubstr("- daemon/: no backstopd runs on this journal"));
}

TEST_F(CtlBundle, FaultsOfTheConfigurationAndADamagedJournalDoNotStopIt) {
  put("backstop.yaml", "journal: {path: " + at("journal.db") + "}\nzzz: 1\n");
  put("journal.db", std::string(20'000, 'x'));
  std::filesystem::remove(at("journal.db-wal"));
  const Bundle bundle = collect();
  EXPECT_THAT(text_of(bundle, "config.txt"), HasSubstr("zzz"));
  EXPECT_THAT(text_of(bundle, "README.txt"), HasSubstr("- records.jsonl: "));
}

TEST_F(CtlBundle, OneFileOfItsOwnerAloneAndNoneIsOverwritten) {
  const std::string file = at("out.tar.gz");
  Bundle bundle = collect();
  const Result<std::string> made = write_bundle(bundle, file);
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(*made, file);
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(std::filesystem::exists(at("out")));
  const Result<std::string> listed = output_of({"tar", "-tzf", file}, std::chrono::seconds(20));
  ASSERT_TRUE(listed) << listed.error().what;
  for (const BundleFile& in : bundle.files) EXPECT_THAT(*listed, HasSubstr("out/" + in.name + "\n"));
  const Result<std::string> unpacked = output_of({"tar", "-xzOf", file}, std::chrono::seconds(20));
  ASSERT_TRUE(unpacked) << unpacked.error().what;
  EXPECT_EQ(unpacked->find("planted"), std::string::npos);
  EXPECT_THAT(write_bundle(bundle, file).error().what, HasSubstr("is there already"));
}

TEST_F(CtlBundle, WithoutTarItIsAFolder) {
  const std::string path = std::getenv("PATH") ? std::getenv("PATH") : "";
  ::setenv("PATH", at("nothing").c_str(), 1);
  const Result<std::string> made = write_bundle(collect(), at("out.tar.gz"));
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(*made, at("out"));
  EXPECT_TRUE(std::filesystem::exists(at("out/config.txt")));
}

} // namespace
} // namespace backstop::ctl::test
