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
  if (watches(key) || starting_.contains(key)) return fail(Errc::refused, "step " + key.text() + " was started before");
  const Status sent = ask({RunnerRequest::What::start, key, command.order},
                          [this, key](const Result<RunnerReply>& reply) { started(key, reply); });
  if (sent) starting_[key] = true;
  return sent;
}

void UnitStepRunner::started(const StepKey& key, const Result<RunnerReply>& reply) {
  starting_.erase(key);
  if (reply && reply->result == RunnerReply::Result::failed) {
    StepOutcome outcome;
    outcome.end = StepEnd::failed_to_start;
    outcome.detail = reply->why;
    if (on_finished) on_finished(key, outcome);
    return;
  }
  // Started now or before, or nobody knows: what is in its directory tells.
  switch (SupervisedSteps::adopt(key)) {
  case Seen::running:
  case Seen::finished: return;
  case Seen::lost:
  case Seen::never: break;
  }
  StepOutcome outcome;
  const Seen seen = files_.look(key).seen;
  const bool certain = seen == Seen::never && !reply && reply.error().code == Errc::io;
  outcome.end = certain ? StepEnd::failed_to_start : StepEnd::unknown;
  outcome.detail = reply ? files_.look(key).outcome.detail : reply.error().what;
  if (on_finished) on_finished(key, outcome);
}

StepRunner::Seen UnitStepRunner::adopt(const StepKey& key) {
  return starting_.contains(key) ? Seen::running : SupervisedSteps::adopt(key);
}

void UnitStepRunner::forget(const StepKey& key) {
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
