#pragma once
#include "daemon/traffic/deadline.hpp"
#include "rules/result.hpp"
#include <string>
#include <string_view>

namespace backstop::traffic {

/// HAProxy's runtime API (its management guide, "Unix Socket commands"): one connection for each command; the answer ends
/// with an empty line, then HAProxy closes.
class RuntimeApi {
public:
  /// `place`: the path of a Unix socket, or "host:port".
  RuntimeApi(std::string place, const Deadline& deadline) : place_(std::move(place)), deadline_(deadline) {}

  /// The answer without the empty line at its end. Errors say what, why and how to mend it: nobody there, no right, no answer
  /// in time, an answer that was cut off or does not end.
  [[nodiscard]] Result<std::string> ask(std::string_view command) const;
  [[nodiscard]] const std::string& place() const { return place_; }

private:
  std::string place_;
  const Deadline& deadline_;
};

} // namespace backstop::traffic
