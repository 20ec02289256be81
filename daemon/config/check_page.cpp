#include "daemon/config/check.hpp"
#include "daemon/config/listen_address.hpp"
#include <algorithm>
#include <cctype>
#include <fmt/format.h>

/// Whether `page` of backstop.yaml makes sense.
namespace backstop::config {
namespace {

/// A name as a browser sends it, with or without a port.
bool is_host(const std::string& host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view(".-_:[]").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

} // namespace

void check_page(const Page& page, Sheet& sheet) {
  const auto fault = [&sheet](const std::string& path, const std::string& what, std::string_view how) {
    sheet.fault(sheet.places.of(path), fmt::format("{}: {}", path, what), how);
  };
  for (std::size_t i = 0; i < page.hosts.size(); ++i)
    if (!is_host(page.hosts[i]))
      fault(fmt::format("page.hosts[{}]", i), fmt::format("\"{}\" is no name of a host", page.hosts[i]),
            "write the name as the browser's address line has it: backstop.example.org");
  if (page.listen.empty()) return;
  const ListenAddress address = listen_address(page.listen);
  if (!address.ok())
    return fault("page.listen", fmt::format("\"{}\" is no address", page.listen),
                 "write 127.0.0.1:9478, [::1]:9478 or none");
  if (!address.is_loopback())
    fault("page.listen", fmt::format("{} can be reached from other hosts, and the page is not encrypted", page.listen),
          "write 127.0.0.1:9478; from elsewhere: ssh -L, or a proxy with TLS (docs/page.md)");
}

} // namespace backstop::config
