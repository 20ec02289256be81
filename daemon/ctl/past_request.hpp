#pragma once
#include "daemon/config/config.hpp"
#include "daemon/ctl/invocation.hpp"
#include "daemon/replay/replay.hpp"
#include <cstddef>
#include <optional>
#include <string>

namespace backstop::ctl {

inline constexpr std::size_t kConfigBytes = std::size_t{1} << 20;

/// A service file, read without fault.
struct ServiceFile {
  config::Service service;
  Said fault; ///< meaningful where its exit code is not 0
};
ServiceFile service_in(const std::string& text, const std::string& file);

/// A deployment that the daemon kept the samples of, ready to be judged again. `request.samples` is a view of `samples`: stays
/// where it is.
struct PastRequest {
  PastRequest() = default;
  PastRequest(const PastRequest&) = delete;
  PastRequest& operator=(const PastRequest&) = delete;
  replay::Request request; ///< up to where its rollback began, or else its end
  std::string samples;
  std::optional<Time> ended;
};
/// By the rules of the file `config`, or, where that is empty, by those that it was judged by. Gives what to say where that
/// cannot be done; else its exit code is 0.
Said request_of(const Invocation& invocation, const std::string& deployment, const std::string& config,
                PastRequest& out);

} // namespace backstop::ctl
