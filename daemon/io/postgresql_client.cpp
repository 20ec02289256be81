#include "daemon/io/postgresql_client.hpp"
#include "daemon/io/name_lookup.hpp"
#include "daemon/io/postgresql_dsn.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <optional>
#include <sys/epoll.h>

namespace backstop {
namespace {

using Connection = std::unique_ptr<PGconn, void (*)(PGconn*)>;
using Answer = std::unique_ptr<PGresult, void (*)(PGresult*)>;

enum class Phase { closed, resolving, connecting, idle, asking };

/// What the codes of PostgreSQL's appendix A mean for us.
struct Meaning {
  const char* sqlstate;
  Errc code;
  const char* text; ///< put before what the server said
};
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

Error meaning_of(const std::string& sqlstate, const std::string& text) {
  for (const Meaning& m : kMeanings)
    if (sqlstate == m.sqlstate) return fail(m.code, std::string(m.text) + " (" + text + ")");
  if (text.find("unsupported startup parameter") != std::string::npos)
    return fail(Errc::invalid, "this is PgBouncer; let the DSN lead to the server itself (" + text + ")");
  return fail(Errc::io, text.empty() ? "the connection was lost" : text);
}

std::string seconds_text(Duration d) { return fmt::format("{:.3g} s", to_seconds(d)); }

} // namespace

/// Shared with the work it posts: a `done` may destroy the client.
struct PostgresqlClient::Impl : std::enable_shared_from_this<PostgresqlClient::Impl> {
  struct Question {
    std::string sql;
    Duration timeout{};
    Done done;
    SqlRows rows;
    std::size_t bytes = 0;
    std::optional<Error> error; ///< the server's; the answer is read to its end all the same
  };

  Impl(EventLoop& l, DsnReader reader, PostgresqlLimits bounds)
      : loop(l), dsn_reader(std::move(reader)), limits(bounds) {
    timer = loop.add_timer([this] { on_deadline(); });
  }

  void close() {
    question.reset();
    lookup.reset();
    timer.reset();
    drop();
  }

  void ask(const std::string& sql, Duration timeout, Done done) {
    if (question)
      return answer_later(std::move(done), fail(Errc::busy, where + ": the question before has no answer yet"));
    question.emplace(Question{sql, timeout, std::move(done), {}, 0, {}});
    const Time now = loop.fresh_now();
    timer->arm(now + timeout);
    if (phase == Phase::idle) return send();
    if (now < next_try) {
      Error again = last_failure;
      again.what += " (next try in " + seconds_text(next_try - now) + ")";
      return finish(std::move(again));
    }
    begin();
  }

  // --- connecting ---------------------------------------------------------------------------------------------------

  void begin() {
    const Result<std::string> text = dsn_reader();
    if (!text) return give_up(text.error());
    Result<PostgresqlDsn> parsed = PostgresqlDsn::parse(*text);
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

  void send() {
    if (!PQsendQueryParams(connection.get(), question->sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) ||
        !PQsetSingleRowMode(connection.get()))
      return give_up(libpq_error());
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
    case PGRES_SINGLE_TUPLE: return take_row(part);
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY: return {};
    case PGRES_FATAL_ERROR: {
      const char* sqlstate = PQresultErrorField(part, PG_DIAG_SQLSTATE);
      if (!question->error)
        question->error = meaning_of(sqlstate ? sqlstate : "", presentable(PQresultErrorMessage(part), secrets));
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

  Status take_row(const PGresult* part) {
    SqlRows::Row row;
    for (int column = 0; column < PQnfields(part); ++column) {
      std::optional<std::string>& cell = row.emplace_back();
      if (PQgetisnull(part, 0, column)) continue;
      const std::string_view text(PQgetvalue(part, 0, column), static_cast<std::size_t>(PQgetlength(part, 0, column)));
      question->bytes += text.size();
      cell = valid_utf8(text);
    }
    question->rows.rows.push_back(std::move(row));
    if (question->rows.rows.size() > limits.most_rows || question->bytes > limits.most_bytes)
      return fail(Errc::too_large,
                  fmt::format("the answer is larger than {} rows or {} bytes", limits.most_rows, limits.most_bytes));
    return {};
  }

  void on_answer_end() {
    if (PQstatus(connection.get()) == CONNECTION_BAD)
      return give_up(question->error ? *question->error : libpq_error());
    phase = Phase::idle;
    io->set_events(EPOLLIN);
    if (question->error) return finish(question->error->in(where));
    failures = 0;
    finish(std::move(question->rows));
  }

  /// The server says something nobody asked: mostly that it goes away. The next question connects anew at once.
  void on_idle() {
    if (!PQconsumeInput(connection.get())) return drop();
    PQisBusy(connection.get()); // reads what came
    if (PQstatus(connection.get()) == CONNECTION_BAD) drop();
  }

  // --- ends ---------------------------------------------------------------------------------------------------------

  void on_deadline() {
    if (!question) return;
    const std::string in_time = " within " + seconds_text(question->timeout);
    switch (phase) {
    case Phase::resolving:
      return give_up(fail(Errc::timeout, "its name was not resolved" + in_time + "; see the name server"));
    case Phase::connecting:
      return give_up(
          fail(Errc::timeout, "no connection" + in_time + ": the server hangs, or something drops the packets"));
    case Phase::closed:
    case Phase::idle:
    case Phase::asking: break;
    }
    give_up(fail(Errc::timeout, "no answer" + in_time));
  }

  /// The connection is no good: drops it, answers, and lets the server alone for a while.
  void give_up(const Error& error) {
    drop();
    next_try = loop.fresh_now() + pause_after(++failures, limits);
    last_failure = error.in(where);
    finish(last_failure);
  }

  void finish(Result<SqlRows> result) {
    timer->disarm();
    Done done = std::move(question->done);
    question.reset();
    answer_later(std::move(done), std::move(result));
  }

  void answer_later(Done done, Result<SqlRows> result) {
    loop.post([weak = weak_from_this(), done = std::move(done), result = std::move(result)]() mutable {
      if (const auto self = weak.lock()) done(std::move(result)); // destroyed meanwhile: nobody waits
    });
  }

  void drop() {
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
    return meaning_of(sqlstate_in(text), presentable(text, secrets));
  }

  EventLoop& loop;
  DsnReader dsn_reader;
  PostgresqlLimits limits;

  Phase phase = Phase::closed;
  std::optional<PostgresqlDsn> dsn;
  std::string where = "PostgreSQL";
  std::vector<std::string> secrets;
  std::vector<std::string> looked_up; ///< the names `lookup` and `addresses` are of
  std::unique_ptr<NameLookup> lookup;
  std::optional<NameLookup::Answers> addresses; ///< for one attempt
  Connection connection{nullptr, PQfinish};
  std::unique_ptr<EventLoop::Io> io;
  std::unique_ptr<EventLoop::Timer> timer;

  std::optional<Question> question;
  int failures = 0; ///< since the last answer
  Time next_try = Time::min();
  Error last_failure;
};

Duration pause_after(int failures, const PostgresqlLimits& limits) {
  Duration pause = limits.first_pause;
  for (int i = 1; i < failures && pause < limits.longest_pause; ++i) pause *= 2;
  return std::min(pause, limits.longest_pause);
}

PostgresqlClient::PostgresqlClient(EventLoop& loop, DsnReader dsn, PostgresqlLimits limits)
    : impl_(std::make_shared<Impl>(loop, std::move(dsn), limits)) {}

PostgresqlClient::~PostgresqlClient() { impl_->close(); }

void PostgresqlClient::query(const std::string& sql, Duration timeout, Done done) {
  impl_->ask(sql, timeout, std::move(done));
}

Status check_postgresql_dsn(const std::string& text) {
  const auto dsn = PostgresqlDsn::parse(text);
  return dsn ? Status{} : Status(dsn.error());
}

} // namespace backstop
