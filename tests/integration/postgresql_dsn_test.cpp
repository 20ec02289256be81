#include "daemon/io/postgresql_client.hpp"
#include "daemon/io/postgresql_dsn.hpp"
#include "daemon/io/server_text.hpp"
#include <gmock/gmock.h>

namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::map<std::string, std::string>
parameters(const std::string& dsn, const std::map<std::string, Result<std::vector<std::string>>>& addresses = {}) {
  const auto parsed = PostgresqlDsn::parse(dsn);
  if (!parsed) throw std::runtime_error(parsed.error().what);
  const auto list = parsed->parameters(addresses, 3s);
  if (!list) throw std::runtime_error(list.error().what);
  return {list->begin(), list->end()};
}

TEST(PostgresqlDsn, OnlyNamesAreLookedUp) {
  EXPECT_THAT(PostgresqlDsn::parse("postgresql://u@db.example/x")->names(), ElementsAre("db.example"));
  EXPECT_THAT(PostgresqlDsn::parse("host=a.example,b.example,a.example")->names(),
              ElementsAre("a.example", "b.example"));
  for (const char* dsn : {"", "dbname=x", "host=/run/pg", "host=@abstract", "host=127.0.0.1", "postgresql://[::1]/x",
                          "host=db.example hostaddr=10.0.0.1", "hostaddr=10.0.0.1"})
    EXPECT_THAT(PostgresqlDsn::parse(dsn)->names(), IsEmpty()) << dsn;
}

TEST(PostgresqlDsn, EachAddressOfANameIsTriedAndTheNameStaysForCertificates) {
  auto p = parameters("host=a.example,/run/pg,10.9.9.9 port=1,2,3",
                      {{"a.example", std::vector<std::string>{"10.0.0.1", "fd00::1"}}});
  EXPECT_EQ(p["host"], "a.example,a.example,/run/pg,10.9.9.9");
  EXPECT_EQ(p["hostaddr"], "10.0.0.1,fd00::1,,10.9.9.9");
  EXPECT_EQ(p["port"], "1,1,2,3");
}

TEST(PostgresqlDsn, HostsWithoutAnAddressAreLeftOutUnlessNoneIsLeft) {
  const Error unknown = fail(Errc::not_found, "cannot resolve a.example: unknown");
  auto p = parameters("host=a.example,b.example",
                      {{"a.example", unknown}, {"b.example", std::vector<std::string>{"10.0.0.2"}}});
  EXPECT_EQ(p["host"], "b.example");
  const auto none = PostgresqlDsn::parse("host=a.example")->parameters({{"a.example", unknown}}, 3s);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::not_found);
  EXPECT_EQ(none.error().what, unknown.what);
}

TEST(PostgresqlDsn, SessionsAreNamedReadOnlyAndBounded) {
  auto p = parameters("dbname=x options='-c work_mem=1MB'");
  EXPECT_EQ(p["application_name"], "backstop");
  EXPECT_EQ(p["options"], "-c work_mem=1MB -c statement_timeout=3000 -c default_transaction_read_only=on");
  EXPECT_EQ(p["host"], "/var/run/postgresql");
  EXPECT_EQ(p["port"], "5432");
  EXPECT_EQ(parameters("application_name=mine")["application_name"], "mine");
}

TEST(PostgresqlDsn, ToPgbouncerHasDefaultsOfItsOwnAndNoOptions) {
  const auto dsn = PostgresqlDsn::parse("host=/run/pg user=u", PostgresqlPeer::pgbouncer);
  ASSERT_TRUE(dsn) << dsn.error().what;
  EXPECT_EQ(dsn->where(), "PgBouncer pgbouncer at /run/pg:6432");
  const auto list = dsn->parameters({}, 3s);
  ASSERT_TRUE(list) << list.error().what;
  std::map<std::string, std::string> p(list->begin(), list->end());
  EXPECT_EQ(p["dbname"], "pgbouncer");
  EXPECT_EQ(p["port"], "6432");
  EXPECT_EQ(p.count("options"), 0U);
  EXPECT_EQ(PostgresqlDsn::parse("host=h port=1 dbname=x", PostgresqlPeer::pgbouncer)->where(), "PgBouncer x at h:1");
}

TEST(PostgresqlDsn, ErrorsDoNotShowIt) {
  for (const char* dsn : {"password=secret1 oops", "postgresql://u:secret1@[::1/x", "secret1=5", "password=a secret1=b",
                          "service=x password=secret1", "host=a,b,c port=1,2 password=secret1",
                          "host=a,b hostaddr=10.0.0.1 password=secret1"}) {
    const auto parsed = PostgresqlDsn::parse(dsn);
    ASSERT_FALSE(parsed) << dsn;
    EXPECT_EQ(parsed.error().code, Errc::invalid);
    EXPECT_THAT(parsed.error().what, AllOf(HasSubstr("DSN"), Not(HasSubstr("secret1"))));
    EXPECT_FALSE(check_postgresql_dsn(dsn));
  }
  EXPECT_TRUE(check_postgresql_dsn("postgresql://u:secret1@db.example/x"));
}

TEST(PostgresqlDsn, IsNamedWithoutItsPassword) {
  EXPECT_EQ(PostgresqlDsn::parse("postgresql://u:secret1@db.example:5433/shop")->where(),
            "PostgreSQL shop at db.example:5433");
  EXPECT_EQ(PostgresqlDsn::parse("hostaddr=::1")->where(), "PostgreSQL at [::1]:5432");
  EXPECT_EQ(PostgresqlDsn::parse("host=a,b port=1,2")->where(), "PostgreSQL at a:1, b:2");
}

TEST(PostgresqlDsn, KnowsThePasswordDecoded) {
  EXPECT_THAT(PostgresqlDsn::parse("postgresql://u:a%40b@h/x")->secrets(), ElementsAre("a@b"));
}

TEST(Presentable, IsOneCleanLine) {
  EXPECT_EQ(presentable("a\n\tb\r\n  c \n", {}), "a b c");
  EXPECT_EQ(presentable("FATAL:  53300: sorry\nLOCATION:  InitProcess, proc.c:370\n", {}), "FATAL: 53300: sorry");
  EXPECT_EQ(presentable("x\x1b[31mred\x7f!", {}), "x [31mred !");
  EXPECT_EQ(presentable("pass hunter2 and hunter2", {"hunter2", ""}), "pass *** and ***");
  EXPECT_LE(presentable(std::string(100'000, 'x'), {}).size(), 610U);
  const std::string cut = presentable(std::string(599, 'x') + "\xC3\xA4\xC3\xA4", {});
  EXPECT_EQ(cut, std::string(599, 'x') + "...");
}

TEST(ValidUtf8, ReplacesWhatIsNone) {
  EXPECT_EQ(valid_utf8("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(valid_utf8("\xFF\xC3"), "??");
  EXPECT_EQ(valid_utf8("\xC0\x80"), "??");           // overlong
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), "???");      // half of a surrogate pair
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80"), "????"); // above U+10FFFF
  EXPECT_EQ(valid_utf8("\xE2\x82"), "??");
}

TEST(Sqlstate, IsFoundInAnyLanguage) {
  EXPECT_EQ(sqlstate_in("connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  53300: sorry"), "53300");
  EXPECT_EQ(sqlstate_in("FEHLER:  28P01: Passwort"), "28P01");
  EXPECT_EQ(sqlstate_in("FATAL:  sorry"), "");
  EXPECT_EQ(sqlstate_in("a:  5330"), "");
  EXPECT_EQ(sqlstate_in(""), "");
}

} // namespace
} // namespace backstop
