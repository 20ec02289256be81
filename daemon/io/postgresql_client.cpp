#include "daemon/io/postgresql_client.hpp"
#include "daemon/io/name_lookup.hpp"
#include "daemon/io/server_text.hpp"
#include <libpq-fe.h>
#include <optional>
#include <sys/epoll.h>

namespace backstop {
namespace {

using Connection = std::unique_ptr<PGconn, void (*)(PGconn*)>;
using Answer = std::unique_ptr<PGresult, void (*)(PGresult*)>;

enum class Phase { closed, resolving, connecting, idle, asking };

struct Meaning {
  const char* sign;
  Errc code;
  const char* text; ///< put before what the server said
};
/// What the codes of PostgreSQL's appendix A mean for us.
constexpr Meaning kMeanings[] = {
    {"53300", Errc::busy, "the server has no free connection"},
    {"57P03", Errc::busy, "the server is starting up, shutting down or recovering"},
    {"57P01", Errc::io, "the server ended the connection"},
    {"57P02", Errc::io, "the server ended the connection"},
    {"57014", Errc::timeout, "the server gave up the question"},
    {"28P01", Errc::unauthorized, "the server refused user or password; mend the DSN"},
    {"28000", Errc::unauthorized, "the server does not let this user in from here; see its pg_hba.conf"},
    {"42501", Errc::unauthorized, "the user of the DSN has no right to do this"},
    {"3D000", Errc::not_found, "there is no such database; mend the DSN"},
};

/// PgBouncer has one code for all it refuses, but its words are always these.
constexpr Meaning kPgbouncerMeanings[] = {
    {"authentication failed", Errc::unauthorized, "PgBouncer refused user or password; mend the DSN"},
    {"no such user", Errc::unauthorized, "PgBouncer refused user or password; mend the DSN"},
    {"not allowed", Errc::unauthorized, "this user may not ask the admin console; add it to stats_users"},
    {"no such database", Errc::not_found, "this is not the admin console; let the DSN lead to the database pgbouncer"},
    {"no more connections allowed", Errc::busy, "PgBouncer has no free connection"},
    {"unrecognized configuration parameter", Errc::invalid,
     "this is not the admin console; let the DSN lead to the database pgbouncer"},
};

Error meaning_of(const std::string& sqlstate, const std::string& text, PostgresqlPeer peer) {
  if (peer == PostgresqlPeer::pgbouncer)
    for (const Meaning& m : kPgbouncerMeanings)
      if (text.find(m.sign) != std::string::npos) return fail(m.code, std::string(m.text) + " (" + text + ")");
  for (const Meaning& m : kMeanings)
    if (sqlstate == m.sign) return fail(m.code, std::string(m.text) + " (" + text + ")");
  if (peer == PostgresqlPeer::server && text.find("unsupported startup parameter") != std::string::npos)
    return fail(Errc::invalid,
                "this is PgBouncer; let the DSN lead to the server itself, or write type: pgbouncer (" + text + ")");
  return fail(Errc::io, text.empty() ? "the connection was lost" : text);
}

} // namespace

struct PostgresqlClient::Impl final : SqlTurn {
  Impl(EventLoop& l, DsnReader reader, SqlLimits bounds, PostgresqlPeer whom)
      : SqlTurn(l, bounds, whom == PostgresqlPeer::pgbouncer ? "PgBouncer" : "PostgreSQL"),
        dsn_reader(std::move(reader)), peer(whom) {}

  void close() override {
    lookup.reset();
    SqlTurn::close();
  }

  // --- connecting ---------------------------------------------------------------------------------------------------

  [[nodiscard]] bool idle() const override { return phase == Phase::idle; }

  void begin() override {
    const Result<std::string> text = dsn_reader();
    if (!text) return give_up(text.error());
    Result<PostgresqlDsn> parsed = PostgresqlDsn::parse(*text, peer);
    if (!parsed) return give_up(parsed.error());
    where = parsed->where();
    secrets = parsed->secrets();
    dsn = *std::move(parsed);

    const std::vector<std::string> names = dsn->names();
    if (names != looked_up) { // another DSN than last time
      lookup.reset();
      addresses.reset();
      looked_up = names;
    }
    if (names.empty() || addresses) return connect();
    phase = Phase::resolving;
    // A lookup that outlived its question is waited for, so that a slow name server is not asked more and more.
    if (!lookup)
      lookup = std::make_unique<NameLookup>(loop, names, [this](NameLookup::Answers a) { on_resolved(std::move(a)); });
  }

  void on_resolved(NameLookup::Answers answers) {
    addresses = std::move(answers);
    lookup.reset();
    if (phase == Phase::resolving) connect();
  }

  void connect() {
    const auto parameters =
        dsn->parameters(std::exchange(addresses, std::nullopt).value_or(NameLookup::Answers{}), question->timeout);
    if (!parameters) return give_up(parameters.error());
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : *parameters) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    connection.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
    if (!connection) return give_up(fail(Errc::io, "out of memory"));
    PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE); // the only way to the SQLSTATE of a refused connection
    PQsetNoticeReceiver(
        connection.get(), [](void*, const PGresult*) noexcept {}, nullptr); // else they go to stderr
    if (const char* password = PQpass(connection.get()); password && *password)
      secrets.emplace_back(password); // from a passfile
    if (PQstatus(connection.get()) == CONNECTION_BAD) return give_up(libpq_error());
    phase = Phase::connecting;
    watch(EPOLLOUT);
  }

  void on_connecting() {
    io.reset(); // before libpq closes the socket and takes the next address
    switch (PQconnectPoll(connection.get())) {
    case PGRES_POLLING_READING: return watch(EPOLLIN);
    case PGRES_POLLING_WRITING: return watch(EPOLLOUT);
    case PGRES_POLLING_OK:
      if (PQsetnonblocking(connection.get(), 1) != 0) return give_up(libpq_error());
      phase = Phase::idle;
      watch(EPOLLIN);
      return send();
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE: break;
    }
    give_up(libpq_error());
  }

  // --- asking -------------------------------------------------------------------------------------------------------

  void send() override {
    error.reset();
    const char* const sql = question->sql.c_str();
    const bool sent = peer == PostgresqlPeer::pgbouncer
                          ? PQsendQuery(connection.get(), sql) != 0
                          : PQsendQueryParams(connection.get(), sql, 0, nullptr, nullptr, nullptr, nullptr, 0) != 0;
    if (!sent || !PQsetSingleRowMode(connection.get())) return give_up(libpq_error());
    phase = Phase::asking;
    flush();
  }

  void flush() {
    const int left = PQflush(connection.get());
    if (left < 0) return give_up(libpq_error());
    io->set_events(left > 0 ? std::uint32_t{EPOLLIN | EPOLLOUT} : std::uint32_t{EPOLLIN});
  }

  void on_asking(std::uint32_t revents) {
    if (!PQconsumeInput(connection.get())) return give_up(libpq_error());
    while (!PQisBusy(connection.get())) {
      const Answer part(PQgetResult(connection.get()), PQclear);
      if (!part) return on_answer_end();
      if (const Status s = take(part.get()); !s) return give_up(s.error());
    }
    if (revents & EPOLLOUT) flush();
  }

  Status take(const PGresult* part) {
    switch (PQresultStatus(part)) {
    case PGRES_SINGLE_TUPLE: take_columns(part); return take_row(part);
    case PGRES_TUPLES_OK: take_columns(part); return {};
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY: return {};
    case PGRES_FATAL_ERROR: {
      const char* sqlstate = PQresultErrorField(part, PG_DIAG_SQLSTATE);
      if (!error) error = meaning_of(sqlstate ? sqlstate : "", presentable(PQresultErrorMessage(part), secrets), peer);
      return {};
    }
    case PGRES_COPY_OUT:
    case PGRES_COPY_IN:
    case PGRES_COPY_BOTH:
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
    case PGRES_PIPELINE_SYNC:
    case PGRES_PIPELINE_ABORTED: break;
    }
    return fail(Errc::io, "the server answered what was not asked");
  }

  void take_columns(const PGresult* part) {
    std::vector<std::string>& columns = question->rows.columns;
    for (int column = static_cast<int>(columns.size()); column < PQnfields(part); ++column)
      columns.push_back(valid_utf8(PQfname(part, column)));
  }

  Status take_row(const PGresult* part) {
    SqlRows::Row row;
    for (int column = 0; column < PQnfields(part); ++column) {
      std::optional<std::string>& cell = row.emplace_back();
      if (PQgetisnull(part, 0, column)) continue;
      const std::string_view text(PQgetvalue(part, 0, column), static_cast<std::size_t>(PQgetlength(part, 0, column)));
      cell = valid_utf8(text);
    }
    return keep(std::move(row));
  }

  void on_answer_end() {
    if (PQstatus(connection.get()) == CONNECTION_BAD) return give_up(error ? *error : libpq_error());
    phase = Phase::idle;
    io->set_events(EPOLLIN);
    if (error) return finish(error->in(where));
    finish_good();
  }

  /// The server says something nobody asked: mostly that it goes away. The next question connects anew at once.
  void on_idle() {
    if (!PQconsumeInput(connection.get())) return drop();
    PQisBusy(connection.get()); // reads what came
    if (PQstatus(connection.get()) == CONNECTION_BAD) drop();
  }

  // --- ends ---------------------------------------------------------------------------------------------------------

  [[nodiscard]] Waits waits() const override {
    return phase == Phase::resolving    ? Waits::for_name
           : phase == Phase::connecting ? Waits::for_connection
                                        : Waits::for_answer;
  }

  void drop() override {
    io.reset();
    connection.reset();
    phase = Phase::closed;
  }

  void watch(std::uint32_t events) {
    io = loop.add_io(PQsocket(connection.get()), events, [this](std::uint32_t revents) {
      if (phase == Phase::connecting)
        on_connecting();
      else if (phase == Phase::asking)
        on_asking(revents);
      else
        on_idle();
    });
  }

  Error libpq_error() const {
    if (PQconnectionNeedsPassword(connection.get()))
      return fail(Errc::unauthorized, "the server asks for a password, and the DSN has none");
    const std::string text = PQerrorMessage(connection.get());
    return meaning_of(sqlstate_in(text), presentable(text, secrets), peer);
  }

  DsnReader dsn_reader;
  PostgresqlPeer peer;

  Phase phase = Phase::closed;
  std::optional<PostgresqlDsn> dsn;
  std::vector<std::string> secrets;
  std::vector<std::string> looked_up; ///< the names `lookup` and `addresses` are of
  std::unique_ptr<NameLookup> lookup;
  std::optional<NameLookup::Answers> addresses; ///< for one attempt
  Connection connection{nullptr, PQfinish};
  std::unique_ptr<EventLoop::Io> io;
  std::optional<Error> error; ///< the server's to the question; its answer is read to the end all the same
};

PostgresqlClient::PostgresqlClient(EventLoop& loop, DsnReader dsn, SqlLimits limits, PostgresqlPeer peer)
    : impl_(std::make_shared<Impl>(loop, std::move(dsn), limits, peer)) {}

PostgresqlClient::~PostgresqlClient() { impl_->close(); }

void PostgresqlClient::query(const std::string& sql, Duration timeout, Done done) {
  impl_->ask(sql, timeout, std::move(done));
}

Status check_postgresql_dsn(const std::string& text) {
  const auto dsn = PostgresqlDsn::parse(text);
  return dsn ? Status{} : Status(dsn.error());
}

} // namespace backstop
