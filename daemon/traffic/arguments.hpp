#pragma once
#include "daemon/traffic/haproxy.hpp"
#include "daemon/traffic/nginx.hpp"
#include "daemon/traffic/weights.hpp"
#include "rules/result.hpp"
#include <chrono>
#include <optional>
#include <variant>

namespace backstop::traffic {

extern const char* const kUsage;

struct Arguments {
  std::variant<HaproxyPlace, NginxPlace> place;
  Split split;
  bool check = false;
  std::chrono::milliseconds timeout{std::chrono::seconds(30)};
};

/// Error: what is wrong with the command line. Nothing: help was asked for.
Result<std::optional<Arguments>> parse_arguments(int argc, char** argv);

} // namespace backstop::traffic
