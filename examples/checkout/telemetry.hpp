#pragma once
#include <chrono>
#include <memory>
#include <string>

namespace checkout {

/// What the service tells Prometheus (text format 0.0.4). May be used from any thread.
class Telemetry {
public:
  Telemetry(const std::string& version, std::chrono::system_clock::time_point start);
  ~Telemetry();

  void request(unsigned code, const std::string& method, std::chrono::duration<double> took);
  [[nodiscard]] std::string text(int db_connections) const;

private:
  struct Families;
  std::unique_ptr<Families> families_;
};

} // namespace checkout
