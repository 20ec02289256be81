#pragma once
#include "collectors/probe.hpp"
#include "collectors/sql_source.hpp"
#include "rules/time.hpp"
#include <memory>

namespace backstop {

/// The connections of one PostgreSQL server as a target (collectors/postgresql.hpp has the families).
class ConnectionsProbe final : public Probe {
public:
  ConnectionsProbe(std::unique_ptr<SqlSource> server, Duration timeout);
  void start(Done done) override;

private:
  std::unique_ptr<SqlSource> server_;
  Duration timeout_;
};

} // namespace backstop
