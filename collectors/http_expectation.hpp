#pragma once
#include "rules/result.hpp"
#include <memory>
#include <string>
#include <vector>

namespace re2 {
class RE2;
}

namespace backstop {

struct HttpResponse;

/// Statuses from `low` to `high`, both of them too.
struct StatusRange {
  int low = 0;
  int high = 0;
  bool operator==(const StatusRange&) const = default;
};
/// "2xx", "404" or "200-204".
std::string show(const StatusRange& range);

/// What an answer over HTTP must be like to count as a good one. Cheap to copy.
class HttpExpectation {
public:
  /// `body`: regular expression (RE2) that must be found somewhere in the body; empty: any body will do. Errors:
  /// Errc::invalid, `body` is none.
  static Result<HttpExpectation> make(std::vector<StatusRange> status, const std::string& body);
  /// What is wrong with the answer, for people; empty: nothing. The body itself is never shown.
  [[nodiscard]] std::string fault_in(const HttpResponse& response) const;

private:
  std::vector<StatusRange> status_;
  std::shared_ptr<const re2::RE2> body_; ///< null: any
};

} // namespace backstop
