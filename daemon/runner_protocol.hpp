#pragma once
#include "daemon/seams.hpp"
#include "rules/result.hpp"
#include <string>
#include <string_view>

/// What backstopd and the privileged backstop-runner say to each other: one request and one reply a connection, each one
/// JSON object in one packet (SOCK_SEQPACKET). Requests come from a process that may be taken over: they are bounded,
/// what is not known is refused, and they name configured things, never commands.
namespace backstop {

inline constexpr std::size_t kRunnerPacketLimit = std::size_t{128} << 10;

struct RunnerRequest {
  enum class What {
    start,    ///< start the step `key` as `order` says
    forget,   ///< the outcome of `key` is recorded: what is kept of it may go
    settle,   ///< nothing: the answer comes when every request before it is done with
    remember, ///< keep the file of order.service as it is now, under order.config_hash, for steps started later
  };
  What what = What::start;
  StepKey key;
  StepOrder order;
};

struct RunnerReply {
  enum class Result {
    done,
    refused, ///< the key was started before
    failed,  ///< nothing was run; `why` says what and how to mend it
    unable,  ///< nothing was run, for a reason of the host that may pass: `why`
  };
  Result result = Result::done;
  std::string why;
};

std::string text_of(const RunnerRequest& request);
/// Errc::invalid names what is wrong with it.
Result<RunnerRequest> runner_request(std::string_view text);

std::string text_of(const RunnerReply& reply);
Result<RunnerReply> runner_reply(std::string_view text);

} // namespace backstop
