#include "collectors/connections_probe.hpp"
#include "collectors/postgresql.hpp"
#include <string>
#include <utility>

namespace backstop {

ConnectionsProbe::ConnectionsProbe(std::unique_ptr<SqlSource> server, Duration timeout)
    : server_(std::move(server)), timeout_(timeout) {}

void ConnectionsProbe::start(Done done) {
  server_->query(std::string(postgresql::kConnectionsQuery), timeout_, [done = std::move(done)](Result<SqlRows> rows) {
    if (!rows) return done(rows.error());
    Result<std::vector<RawSample>> samples = postgresql::connection_samples(*rows);
    if (!samples) return done(samples.error());
    done(ProbeAnswer{SamplesAnswer{*std::move(samples), {}}});
  });
}

} // namespace backstop
