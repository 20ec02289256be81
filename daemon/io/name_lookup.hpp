#pragma once
#include "daemon/io/event_loop.hpp"
#include "rules/result.hpp"
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace backstop {

/// Whether `host` is an IPv4 or IPv6 address, which needs no lookup.
bool is_numeric_address(const std::string& host);

/// Resolves host names without blocking the loop: glibc's getaddrinfo_a works on threads of its own and wakes the loop by
/// an eventfd. Destroying it gives the answer up; the name server may keep glibc busy for some time after that.
class NameLookup {
public:
  /// Addresses as text, by name; Errc::not_found or io with the resolver's words for those that have none.
  using Answers = std::map<std::string, Result<std::vector<std::string>>>;

  /// `done` is called once from the loop, never from inside the constructor; destroying the lookup in it is fine.
  NameLookup(EventLoop& loop, const std::vector<std::string>& names, std::function<void(Answers)> done);
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

private:
  struct Request;
  std::shared_ptr<Request> request_;
  std::unique_ptr<EventLoop::Io> io_;
};

} // namespace backstop
