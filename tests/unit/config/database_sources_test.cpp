#include "daemon/config/show.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Sources that are database servers: their keys, what is refused, what check-config prints, and the examples of
/// docs/configuration.md.
namespace backstop::config::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string with_db(const std::string& source) { return with_source(source, "db"); }

Source read(const std::string& source) {
  const auto outcome = load_service(with_db(source), "f");
  EXPECT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  return outcome.service.sources.at(0);
}

std::string shown(const std::string& source) {
  const auto outcome = load_service(with_db(source), "f");
  EXPECT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  return show_service(outcome.service);
}

std::string faults(const std::string& source) { return faults_of(with_db(source)); }

TEST(DatabaseExamples, AreRead) {
  EXPECT_EQ(example("db: {type: postgresql, dsn: {credential: checkout-db}}\n").rows.size(), 3U);
  EXPECT_EQ(example("pool: {type: pgbouncer").rows.size(), 2U);
  EXPECT_EQ(example("db: {type: mysql").rows.size(), 2U);
}

TEST(PgbouncerSource, IsReadLikePostgresql) {
  const Source source = read("type: pgbouncer, dsn: {credential: c}");
  EXPECT_EQ(source.interval, std::chrono::seconds(5));
  EXPECT_EQ(std::get<PgbouncerSource>(source.kind).timeout, std::chrono::seconds(3));
  EXPECT_THAT(shown("type: pgbouncer, interval: 1s, dsn: {credential: c}"),
              HasSubstr("pgbouncer, every 1s, timeout 800ms, dsn from credential c"));
  EXPECT_THAT(faults("type: pgbouncer"), HasSubstr("\"dsn\" is missing"));
  EXPECT_THAT(faults("type: pgbouncer, timeout: 5s, dsn: {credential: c}"), HasSubstr("not shorter than"));
  EXPECT_THAT(faults("type: pgbouncer, dsn: \"host=h password=hunter2\""),
              AllOf(HasSubstr("a password may not stand in the configuration"), Not(HasSubstr("hunter2"))));
}

TEST(MysqlSource, HasDefaults) {
  const Source source = read("type: mysql, host: db.example");
  EXPECT_EQ(source.interval, std::chrono::seconds(5));
  const auto& mysql = std::get<MysqlSource>(source.kind);
  EXPECT_EQ(mysql.timeout, std::chrono::seconds(3));
  EXPECT_EQ(mysql.port, 3306);
  EXPECT_EQ(mysql.user, "backstop");
  EXPECT_TRUE(mysql.password.empty());
}

TEST(MysqlSource, AShortIntervalShortensTheTimeout) {
  EXPECT_EQ(std::get<MysqlSource>(read("type: mysql, host: h, interval: 1s").kind).timeout,
            std::chrono::milliseconds(800));
  EXPECT_THAT(faults("type: mysql, host: h, timeout: 5s"), HasSubstr("not shorter than"));
}

TEST(MysqlSource, IsShownWithoutItsPassword) {
  EXPECT_THAT(
      shown("type: mysql, unix_socket: /run/mysqld/mysqld.sock"),
      HasSubstr("db             mysql, every 5s, timeout 3s, /run/mysqld/mysqld.sock, user backstop, no password"));
  EXPECT_THAT(shown("type: mysql, host: db.example, port: 3307, user: ana, password: {credential: c}, ca_file: /ca, "
                    "cert_file: /cert, key_file: /key"),
              AllOf(HasSubstr("host db.example port 3307, user ana,"),
                    HasSubstr("password from credential c, CA /ca, client certificate /cert")));
}

TEST(MysqlSource, AHostAndASocketExcludeEachOther) {
  EXPECT_THAT(faults("type: mysql"), HasSubstr("sources.db: exactly one of host and unix_socket is wanted"));
  EXPECT_THAT(faults("type: mysql, host: h, unix_socket: /s"), HasSubstr("exactly one of host and unix_socket"));
  EXPECT_THAT(faults("type: mysql, unix_socket: /s, port: 1"), HasSubstr("sources.db.port: a socket has none"));
  EXPECT_THAT(faults("type: mysql, unix_socket: /s, ca_file: /c"), HasSubstr("sources.db.ca_file: a socket has none"));
}

TEST(MysqlSource, WhatCannotBeIsRefused) {
  EXPECT_THAT(faults("type: mysql, host: \"h:1/x\""), HasSubstr("\"h:1/x\" is no host"));
  EXPECT_THAT(faults("type: mysql, host: h, port: 65536"), HasSubstr("sources.db.port"));
  EXPECT_THAT(faults("type: mysql, host: h, unix_socket: s"), HasSubstr("sources.db.unix_socket"));
  EXPECT_THAT(faults("type: mysql, host: h, password: hunter2"),
              AllOf(HasSubstr("a secret may not stand in the configuration"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(faults("type: mysql, host: h, cert_file: /c, ca_file: /d"),
              HasSubstr("cert_file and key_file go together"));
  EXPECT_THAT(faults("type: mysql, host: h, cert_file: /c, key_file: /k"),
              HasSubstr("without ca_file there is no TLS"));
}

} // namespace
} // namespace backstop::config::test
