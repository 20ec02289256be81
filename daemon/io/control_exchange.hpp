#pragma once
#include "collectors/http_fetcher.hpp"
#include "rules/result.hpp"
#include <cstddef>
#include <curl/curl.h>
#include <string>

/// What the clients of the control socket share.
namespace backstop {

inline constexpr std::size_t kMaxControlAnswer = std::size_t{64} << 20; ///< bytes; an export may be long

HttpRequest control_request(const std::string& socket, const std::string& method, const std::string& path);
/// Why there is no answer, and what to do, of a transfer that ended with `code`; `error`: as CurlExchange words it.
Error no_control_answer(const std::string& socket, CURL* easy, CURLcode code, const Error& error);

} // namespace backstop
