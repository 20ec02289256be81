#include "collectors/promql_query.hpp"
#include <cstdio>
#include <utility>
#include <vector>

namespace backstop {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string>>;

std::string form_of(const Fields& fields) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string form;
  for (const auto& [name, value] : fields) {
    if (!form.empty()) form += '&';
    form.append(name) += '=';
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                         c == '_' || c == '.' || c == '~';
      if (plain) {
        form += c;
      } else {
        form += '%';
        form += kDigits[byte >> 4];
        form += kDigits[byte & 0xf];
      }
    }
  }
  return form;
}

std::int64_t milliseconds(Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

/// Seconds since the Unix epoch, to the millisecond: no engine keeps more.
std::string seconds(Duration d) {
  constexpr std::int64_t kThousand = 1000;
  char text[40];
  const std::int64_t ms = milliseconds(d);
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(ms / kThousand),
                static_cast<long long>(ms % kThousand));
  return text;
}

HttpRequest asked(const HttpRequest& engine, std::string_view path, Fields fields) {
  // Thanos, VictoriaMetrics: no answer rather than a part of one. VictoriaMetrics: the time is the one that is said.
  fields.insert(
      fields.end(),
      {{"partial_response", "false"}, {"deny_partial_response", "1"}, {"nocache", "1"}, {"latency_offset", "1ms"}});
  HttpRequest request = engine;
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url.append(path);
  request.method = "POST"; // a query may be longer than an URL
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.headers.emplace_back("Accept", "application/json");
  request.body = form_of(fields);
  return request;
}

} // namespace

bool says_window(std::string_view expression) { return expression.find(kPromqlWindow) != std::string_view::npos; }

std::string resolve_window(std::string_view expression, Duration window) {
  constexpr std::int64_t kThousand = 1000;
  const std::int64_t ms = std::max<std::int64_t>(1, milliseconds(window));
  const std::string text = ms % kThousand == 0 ? std::to_string(ms / kThousand) + "s" : std::to_string(ms) + "ms";
  std::string resolved;
  for (std::size_t at = 0; at < expression.size();) {
    const std::size_t next = std::min(expression.find(kPromqlWindow, at), expression.size());
    resolved.append(expression.substr(at, next - at));
    if (next < expression.size()) resolved += text;
    at = next + kPromqlWindow.size();
  }
  return resolved;
}

HttpRequest instant_query(const HttpRequest& engine, std::string_view resolved, Time wall) {
  return asked(engine, "/api/v1/query", {{"query", std::string(resolved)}, {"time", seconds(wall.time_since_epoch())}});
}

HttpRequest range_query(const HttpRequest& engine, std::string_view resolved, Time from, Time to, Duration step) {
  return asked(engine, "/api/v1/query_range",
               {{"query", std::string(resolved)},
                {"start", seconds(from.time_since_epoch())},
                {"end", seconds(to.time_since_epoch())},
                {"step", seconds(step)}});
}

} // namespace backstop
