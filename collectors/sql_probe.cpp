#include "collectors/sql_probe.hpp"
#include <utility>

namespace backstop {

SqlProbe::SqlProbe(std::unique_ptr<SqlSource> server, std::string question, Reader reader, Duration timeout)
    : server_(std::move(server)), question_(std::move(question)), reader_(reader), timeout_(timeout) {}

void SqlProbe::start(Done done) {
  server_->query(question_, timeout_, [reader = reader_, done = std::move(done)](Result<SqlRows> rows) {
    if (!rows) return done(rows.error());
    Result<SamplesAnswer> answer = reader(*rows);
    if (!answer) return done(answer.error());
    done(ProbeAnswer{*std::move(answer)});
  });
}

} // namespace backstop
