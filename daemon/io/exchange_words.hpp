#pragma once
#include "collectors/http_fetcher.hpp"
#include "rules/result.hpp"
#include <cstddef>
#include <string>
#include <string_view>

/// How the outcome of an HTTP exchange is worded, whoever made it.
namespace backstop {

/// How an error names a URL: scheme, host, port and (unless it is secret) path. Never credentials, never a query.
std::string shown_url(const std::string& url, bool secret_path = false);

/// "GET http://127.0.0.1:9100/metrics: <why>": what was asked of whom.
Error exchange_error(const HttpRequest& request, Errc code, const std::string& why);

/// No connection, by `number` of errno: Errc::busy where this host lacks something (`no_socket`: not even a socket could
/// be had), else Errc::io.
Error no_connection(const HttpRequest& request, int number, bool no_socket = false);

std::string answer_too_large(std::size_t max_bytes);
std::string answers_too_large(); ///< together
std::string headers_too_large(std::size_t max_bytes);
std::string no_answer_within(Duration timeout);
std::string not_complete_within(Duration timeout, std::size_t received);
std::string no_connection_within(Duration timeout, bool tls = false);
std::string name_not_resolved_within(Duration timeout);
std::string closed_without_answer();
std::string broke_off(const std::string& detail);
std::string not_http(const std::string& detail = {});

/// Names of headers are alike whatever their case.
bool same_name(std::string_view a, std::string_view b);
/// A control character, other than a tab.
bool has_control(std::string_view text);

} // namespace backstop
