#include "daemon/io/unit_step_runner.hpp"
#include <algorithm>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

namespace backstop {
namespace {

/// Longer than the runner waits for the manager, so that its answer decides.
constexpr Duration kAnswerLimit = std::chrono::seconds(40);

Result<step::Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(Errc::invalid, path + ": the path of the socket is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  step::Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(Errc::io, "backstop-runner does not answer at " + path + ": " + std::strerror(errno) +
                              "; see systemctl status backstop-runner.socket");
  return fd;
}

} // namespace

// The descriptor is first, so that it is closed after the loop lets go of it.
struct UnitStepRunner::Asked {
  step::Fd fd;
  std::unique_ptr<EventLoop::Io> io;
  std::unique_ptr<EventLoop::Timer> timer;
  Answer answer;
};

Result<std::unique_ptr<UnitStepRunner>> UnitStepRunner::create(EventLoop& loop, const std::string& directory,
                                                               std::string socket) {
  Result<StepFiles> files = StepFiles::open_existing(directory);
  if (!files) return files.error().in("the steps of backstop-runner");
  return std::unique_ptr<UnitStepRunner>(new UnitStepRunner(loop, *std::move(files), std::move(socket)));
}

UnitStepRunner::UnitStepRunner(EventLoop& loop, StepFiles files, std::string socket)
    : SupervisedSteps(loop, std::move(files)), socket_(std::move(socket)) {}

UnitStepRunner::~UnitStepRunner() = default;

Status UnitStepRunner::ask(const RunnerRequest& request, Answer answer) {
  Result<step::Fd> fd = connect_to(socket_);
  if (!fd) return fd.error();
  const std::string text = text_of(request);
  if (::send(fd->get(), text.data(), text.size(), MSG_NOSIGNAL) < 0)
    return fail(Errc::io, "backstop-runner takes no request: " + std::string(std::strerror(errno)));
  auto asked = std::make_unique<Asked>();
  Asked* const raw = asked.get();
  asked->fd = *std::move(fd);
  asked->answer = std::move(answer);
  asked->io = loop_.add_io(
      asked->fd.get(), EPOLLIN, [this, raw](std::uint32_t events) { on_answer(raw, events); }, EventLoop::kSteps);
  asked->timer = loop_.add_timer([this, raw] { finish(raw, fail(Errc::timeout, "backstop-runner did not answer")); });
  asked->timer->arm(loop_.now() + kAnswerLimit);
  asked_.push_back(std::move(asked));
  return {};
}

void UnitStepRunner::on_answer(Asked* asked, std::uint32_t) {
  std::string text(kRunnerPacketLimit, '\0');
  const ssize_t n = ::recv(asked->fd.get(), text.data(), text.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return finish(asked, fail(Errc::io, "backstop-runner ended before it answered"));
  text.resize(static_cast<std::size_t>(n));
  finish(asked, runner_reply(text));
}

void UnitStepRunner::finish(Asked* asked, Result<RunnerReply> reply) {
  const auto at = std::find_if(asked_.begin(), asked_.end(), [&](const auto& a) { return a.get() == asked; });
  const std::unique_ptr<Asked> done = std::move(*at); // to the end of this handler, which may be one of its sources
  asked_.erase(at);
  done->answer(std::move(reply));
}

Status UnitStepRunner::start(const StepKey& key, const StepCommand& command) {
  if (const Status fits = StepFiles::fits(command); !fits) return fits.error().in("step " + key.text());
  if (starting_.contains(key) || (files_.look(key).seen != Seen::never && !files_.is_half_made(key)))
    return fail(Errc::refused, "step " + key.text() + " was started before, see " + files_.path_of(key));
  const Status sent = ask({RunnerRequest::What::start, key, command.order},
                          [this, key](const Result<RunnerReply>& reply) { started(key, reply); });
  if (sent) starting_[key] = Wanted::run;
  return sent;
}

void UnitStepRunner::started(const StepKey& key, const Result<RunnerReply>& reply) {
  if (!reply) return settle(key);
  const bool unable = reply->result == RunnerReply::Result::unable;
  if (!unable && reply->result != RunnerReply::Result::failed) return look(key);
  starting_.erase(key);
  StepOutcome outcome;
  outcome.end = StepEnd::failed_to_start;
  outcome.detail = reply->why;
  outcome.may_pass = unable;
  if (on_finished) on_finished(key, outcome);
}

/// Nobody knows whether the runner is starting it at this moment. It takes one request after the other, so an answer to
/// the next one says that it is not.
void UnitStepRunner::settle(const StepKey& key) {
  starting_.emplace(key, Wanted::run);
  RunnerRequest request;
  request.what = RunnerRequest::What::settle;
  if (ask(request, [this, key](const Result<RunnerReply>&) { look(key); })) return;
  loop_.post(
      [this, alive = std::weak_ptr<bool>(alive_), key] {
        if (!alive.expired()) look(key);
      },
      EventLoop::kSteps);
}

/// Tells what is in the step's directory, or watches the step if it runs.
void UnitStepRunner::look(const StepKey& key) {
  const auto at = starting_.find(key);
  const bool cancelled = at != starting_.end() && at->second == Wanted::cancel;
  starting_.erase(key);
  if (step::Fd control = files_.control(key)) {
    watch(key, std::move(control));
    if (cancelled) cancel(key);
    return;
  }
  StepFiles::Found found = files_.look(key);
  if (found.seen == Seen::never) {
    found.outcome.end = StepEnd::failed_to_start;
    found.outcome.detail = "backstop-runner could not start it: journalctl -u backstop-runner";
    found.outcome.may_pass = true;
  } else if (found.by_absence) {
    found.outcome.end = StepEnd::unknown;
    found.outcome.detail = "backstop-runner ended while it started the step; whether it ran is not known";
  }
  if (on_finished) on_finished(key, found.outcome);
}

StepRunner::Seen UnitStepRunner::adopt(const StepKey& key) {
  if (starting_.contains(key)) return Seen::running;
  if (watches(key) || files_.control(key) || !files_.look(key).by_absence) return SupervisedSteps::adopt(key);
  settle(key);
  return Seen::running;
}

void UnitStepRunner::cancel(const StepKey& key) {
  if (const auto at = starting_.find(key); at != starting_.end()) at->second = Wanted::cancel;
  SupervisedSteps::cancel(key);
}

void UnitStepRunner::forget(const StepKey& key) {
  if (watches(key) || starting_.contains(key)) return;
  // Nothing waits for it; where it fails the runner clears the directory away after its time.
  (void)ask({RunnerRequest::What::forget, key, {}}, [](const Result<RunnerReply>&) {});
}

void UnitStepRunner::remember(const std::string& service, const std::string& config_hash,
                              std::function<void(Status)> done) {
  RunnerRequest request;
  request.what = RunnerRequest::What::remember;
  request.order.service = service;
  request.order.config_hash = config_hash;
  const Status sent = ask(request, [done](const Result<RunnerReply>& reply) {
    if (!reply) return done(reply.error());
    done(reply->result == RunnerReply::Result::done ? Status{} : Status(fail(Errc::refused, reply->why)));
  });
  if (!sent) loop_.post([done, sent] { done(sent); });
}

} // namespace backstop
