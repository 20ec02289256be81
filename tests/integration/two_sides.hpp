#pragma once
#include "tests/integration/raw_client.hpp"
#include "tests/integration/raw_server.hpp"
#include <array>
#include <atomic>
#include <stdexcept>
#include <string>

namespace backstop {

/// Two tiny HTTP servers that count what they are asked, other than /health.
class TwoSides {
public:
  enum Name { blue, green };
  [[nodiscard]] int port(Name side) const { return servers_[side].port(); }
  [[nodiscard]] std::string address(Name side) const { return "127.0.0.1:" + std::to_string(port(side)); }
  [[nodiscard]] int asked(Name side) const { return asked_[side]; }
  /// Whether /health is answered with 200, else with 503.
  void set_healthy(Name side, bool healthy) { healthy_[side] = healthy; }
  void forget() { asked_[blue] = asked_[green] = 0; }

private:
  RawServer::Script answers(Name side) {
    return [this, side](RawServer::Connection& connection) {
      while (const auto request = connection.read_request()) {
        const bool health = request->find(" /health ") != std::string::npos;
        if (!health) ++asked_[side];
        connection.send(http_answer(health && !healthy_[side] ? 503 : 200, side == blue ? "blue" : "green"));
      }
    };
  }
  std::array<std::atomic<int>, 2> asked_{};
  std::array<std::atomic<bool>, 2> healthy_{true, true};
  std::array<RawServer, 2> servers_{RawServer(answers(blue)), RawServer(answers(green))};
};

/// Sends `count` requests over one connection, one after the other. Returns how many were answered with 200.
inline int ask_many(int port, int count) {
  RawClient client(port);
  int good = 0;
  for (int i = 0; i < count; ++i) {
    client.forget_received();
    client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
    const auto whole = [](const std::string& answer) { return answer.ends_with("blue") || answer.ends_with("green"); };
    while (!whole(client.received()))
      if (!client.wait_for_more(5000)) throw std::runtime_error("no whole answer: " + client.received());
    good += client.received().starts_with("HTTP/1.1 200 ");
  }
  return good;
}

} // namespace backstop
