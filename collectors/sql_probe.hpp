#pragma once
#include "collectors/probe.hpp"
#include "collectors/sql_source.hpp"
#include "rules/time.hpp"
#include <memory>
#include <string>

namespace backstop {

/// One database server as a target: one question to it, and what the answer says (postgresql.hpp has the families).
class SqlProbe final : public Probe {
public:
  using Reader = Result<SamplesAnswer> (*)(const SqlRows& answer);

  SqlProbe(std::unique_ptr<SqlSource> server, std::string question, Reader reader, Duration timeout);
  void start(Done done) override;

private:
  std::unique_ptr<SqlSource> server_;
  std::string question_;
  Reader reader_;
  Duration timeout_;
};

} // namespace backstop
