#include "daemon/runner/runner.hpp"
#include "daemon/step_order.hpp"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <utility>

namespace backstop::runner {
namespace {

constexpr Duration kStepsKept = std::chrono::hours(24 * 30);
constexpr Duration kHousekeeping = std::chrono::hours(24);

RunnerReply failed(const Error& error) { return {RunnerReply::Result::failed, error.what}; }
/// The supervisor works inside of the sandbox: its own directory, and the folder where a lock file may have to be made,
/// stay writable. systemd would not start the unit where one of these is missing, and not say which.
Status open_for_supervisor(config::Confinement& confinement, const std::string& directory, const std::string& lock) {
  if (confinement.sandbox != config::Sandbox::strict) return {};
  if (!lock.empty()) confinement.writable.push_back(lock.substr(0, std::max<std::size_t>(lock.rfind('/'), 1)));
  for (const std::string& path : confinement.writable) {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0)
      return fail(Errc::not_found, path + ", which is to stay writable in the sandbox: " + std::strerror(errno));
  }
  confinement.writable.push_back(directory);
  return {};
}

RunnerReply reply_of(const Status& status) { return status ? RunnerReply{} : failed(status.error()); }

} // namespace

Runner::Runner(Configs configs, StepFiles files, StartUnit start_unit)
    : configs_(std::move(configs)), files_(std::move(files)), start_unit_(std::move(start_unit)) {}

RunnerReply Runner::handle(std::string_view text) {
  const Result<RunnerRequest> request = runner_request(text);
  if (!request) return failed(request.error());
  switch (request->what) {
  case RunnerRequest::What::remember:
    return reply_of(configs_.remember(request->order.service, request->order.config_hash));
  case RunnerRequest::What::settle: return {};
  case RunnerRequest::What::forget:
    if (!files_.control(request->key)) files_.forget(request->key); // a running step keeps its files
    return {};
  case RunnerRequest::What::start: return start(*request);
  }
  return {};
}

void Runner::keep_house(Time now) {
  if (kept_house_ <= now && now - kept_house_ < kHousekeeping) return;
  kept_house_ = now;
  files_.purge(now - kStepsKept);
}

RunnerReply Runner::start(const RunnerRequest& request) {
  const StepOrder& order = request.order;
  Result<StepCommand> command = fail(Errc::not_found, "");
  if (order.act == StepOrder::Act::channel) {
    const Result<config::Channel> channel = configs_.channel(order.step);
    command = channel ? command_for(*channel, order) : Result<StepCommand>(channel.error());
  } else {
    const Result<config::Service> service = configs_.service(order.service, order.config_hash);
    command = service ? command_for(*service, order) : Result<StepCommand>(service.error());
  }
  if (!command) return failed(command.error());
  const std::string directory = files_.path_of(request.key);
  config::Confinement confinement = command->confinement;
  if (const Status there = open_for_supervisor(confinement, directory, command->lock_file); !there)
    return failed(there.error());
  if (const Status claimed = files_.claim(request.key, *command); !claimed) {
    const Error& why = claimed.error();
    if (why.code == Errc::refused) return {RunnerReply::Result::refused, why.what};
    return why.code == Errc::io ? RunnerReply{RunnerReply::Result::unable, why.what} : failed(why);
  }
  const StepUnit unit{"backstop-step-" + directory.substr(directory.rfind('/') + 1) + ".service",
                      "backstop step " + request.key.text(),
                      directory,
                      command->timeout,
                      command->kill_after,
                      order,
                      std::move(confinement)};
  const Status started = start_unit_(unit);
  // A supervisor holds it: it runs, and the manager could only not say so (its bus broke, or it was late).
  if (!started && files_.control(request.key)) return {};
  // Nothing was run: the key is free again.
  if (!started) files_.unclaim(request.key);
  return reply_of(started);
}

} // namespace backstop::runner
