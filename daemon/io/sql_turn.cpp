#include "daemon/io/sql_turn.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace backstop {
namespace {

std::string seconds_text(Duration d) { return fmt::format("{:.3g} s", to_seconds(d)); }

} // namespace

Duration pause_after(int failures, const SqlLimits& limits) {
  Duration pause = limits.first_pause;
  for (int i = 1; i < failures && pause < limits.longest_pause; ++i) pause *= 2;
  return std::min(pause, limits.longest_pause);
}

SqlTurn::SqlTurn(EventLoop& l, SqlLimits bounds, std::string name)
    : loop(l), limits(bounds), where(std::move(name)), timer_(loop.add_timer([this] { on_deadline(); })) {}

void SqlTurn::ask(const std::string& sql, Duration timeout, SqlSource::Done done) {
  if (question)
    return answer_later(std::move(done), fail(Errc::busy, where + ": the question before has no answer yet"));
  question.emplace(Question{sql, timeout, std::move(done), {}, 0});
  const Time now = loop.fresh_now();
  timer_->arm(now + timeout);
  if (idle()) return send();
  if (now < next_try_) {
    Error again = last_failure_;
    again.what += " (next try in " + seconds_text(next_try_ - now) + ")";
    return finish(std::move(again));
  }
  begin();
}

void SqlTurn::close() {
  question.reset();
  timer_.reset();
  drop();
}

Status SqlTurn::keep(SqlRows::Row row) {
  for (const auto& cell : row)
    if (cell) question->bytes += cell->size();
  question->rows.rows.push_back(std::move(row));
  if (question->rows.rows.size() > limits.most_rows || question->bytes > limits.most_bytes)
    return fail(Errc::too_large,
                fmt::format("the answer is larger than {} rows or {} bytes", limits.most_rows, limits.most_bytes));
  return {};
}

void SqlTurn::on_deadline() {
  if (!question) return;
  const std::string within = " within " + seconds_text(question->timeout);
  switch (waits()) {
  case Waits::for_name:
    return give_up(fail(Errc::timeout, "its name was not resolved" + within + "; see the name server"));
  case Waits::for_connection:
    return give_up(
        fail(Errc::timeout, "no connection" + within + ": the server hangs, or something drops the packets"));
  case Waits::for_answer: return give_up(fail(Errc::timeout, "no answer" + within));
  }
}

void SqlTurn::give_up(const Error& error) {
  drop();
  next_try_ = loop.fresh_now() + pause_after(++failures_, limits);
  last_failure_ = error.in(where);
  finish(last_failure_);
}

void SqlTurn::finish_good() {
  failures_ = 0;
  finish(std::move(question->rows));
}

void SqlTurn::finish(Result<SqlRows> result) {
  timer_->disarm();
  SqlSource::Done done = std::move(question->done);
  question.reset();
  answer_later(std::move(done), std::move(result));
}

void SqlTurn::answer_later(SqlSource::Done done, Result<SqlRows> result) {
  loop.post([weak = weak_from_this(), done = std::move(done), result = std::move(result)]() mutable {
    if (const auto self = weak.lock()) done(std::move(result)); // destroyed meanwhile: nobody waits
  });
}

} // namespace backstop
