#pragma once
#include <span>
#include <string_view>

namespace backstop::page {

/// One file of the page, compressed with gzip, in the program itself.
struct Asset {
  std::string_view path; ///< "/app.js"; "/" is the page
  std::string_view content_type;
  std::string_view gzipped;
  std::string_view etag; ///< with its quotes; another one for other bytes
};

/// None where the program was built without the page.
std::span<const Asset> assets();

} // namespace backstop::page
