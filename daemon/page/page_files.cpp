#include "daemon/page/page_files.hpp"
#include <algorithm>
#include <string>

namespace backstop::page {
namespace {

/// `data:` for pictures is uPlot's and the style sheet's; everything else is files of ours.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

web::Response plain(int status, std::string text) {
  return secured({status, "text/plain; charset=utf-8", std::move(text) + "\n", {{"Cache-Control", "no-store"}}});
}

std::string header(const web::Request& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

} // namespace

web::Response secured(web::Response response) {
  for (const auto& [name, value] : {std::pair{"Content-Security-Policy", kPolicy},
                                    {"X-Content-Type-Options", "nosniff"},
                                    {"Referrer-Policy", "no-referrer"},
                                    {"Cross-Origin-Resource-Policy", "same-origin"},
                                    {"Cross-Origin-Opener-Policy", "same-origin"},
                                    {"X-Frame-Options", "DENY"}})
    response.headers.emplace_back(name, value);
  return response;
}

bool asks_for_file(const web::Request& request, std::span<const Asset> assets) {
  return request.method == "GET" &&
         (request.path == "/" ||
          std::any_of(assets.begin(), assets.end(), [&](const Asset& asset) { return asset.path == request.path; }));
}

std::optional<web::Response> file_for(const web::Request& request, std::span<const Asset> assets) {
  if (request.path == "/v1" || request.path.starts_with("/v1/")) return {};
  if (request.method != "GET" && request.method != "HEAD") return plain(405, "the page is read with GET");
  if (assets.empty())
    return plain(404, "this backstopd was built without its web page (BACKSTOP_PAGE=OFF); the API is at /v1/status");
  const auto found =
      std::find_if(assets.begin(), assets.end(), [&](const Asset& asset) { return asset.path == request.path; });
  if (found == assets.end()) return plain(404, "there is no such file; the page is at /, the API at /v1/status");
  web::Response response{
      200, std::string(found->content_type), "", {{"Cache-Control", "no-cache"}, {"ETag", std::string(found->etag)}}};
  if (header(request, "if-none-match").find(found->etag) != std::string::npos) {
    response.status = 304;
    return secured(std::move(response));
  }
  if (header(request, "accept-encoding").find("gzip") == std::string::npos)
    return plain(406, "the page is sent compressed: ask with Accept-Encoding: gzip (curl --compressed)");
  response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = found->gzipped;
  return secured(std::move(response));
}

} // namespace backstop::page
