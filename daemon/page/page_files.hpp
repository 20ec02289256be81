#pragma once
#include "daemon/page/assets.hpp"
#include "daemon/web.hpp"
#include <optional>

namespace backstop::page {

/// Whether `request` asks for the page or a file that there is; beside the page, the control socket has answers of its own.
bool asks_for_file(const web::Request& request, std::span<const Asset> assets);

/// A file of the page. None: the path is one of the API's ("/v1..."), and not for this. GET and HEAD only; where the client
/// has the same bytes already (If-None-Match) it is told so. Without any assets the answer says how the program was built.
std::optional<web::Response> file_for(const web::Request& request, std::span<const Asset> assets);

/// `response` with what every answer to a browser has: it is what its type says, nobody may frame it or embed it
/// elsewhere, it may load what comes from here alone, without inline scripts or styles, and no address leaks.
web::Response secured(web::Response response);

} // namespace backstop::page
