#include "daemon/io/child_step_runner.hpp"
#include "daemon/step/files.hpp"
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace backstop {

// The descriptor is first, so that it is closed after the loop lets go of it.
struct ChildStepRunner::Child {
  step::Fd pidfd;
  std::unique_ptr<EventLoop::Io> io;
};

namespace {

/// Starts the supervisor: own session, no signal blocked, of our descriptors only stderr and the control pipe. Its pid,
/// or minus an errno.
int spawn(const std::string& program, const std::string& directory, int control) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, control, step::kControlFd);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, step::kControlFd + 1);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string name = program;
  std::string argument = directory;
  char* const argv[] = {name.data(), argument.data(), nullptr};
  char* const environment[] = {nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error == 0 ? pid : -error;
}

} // namespace

Result<std::unique_ptr<ChildStepRunner>> ChildStepRunner::create(EventLoop& loop, const std::string& state_directory,
                                                                 std::string supervisor) {
  // Now, and not in the middle of a rollback.
  if (::access(supervisor.c_str(), X_OK) != 0)
    return fail(Errc::not_found,
                supervisor + ": " + std::strerror(errno) + "; backstop-step runs the steps and must be installed");
  Result<StepFiles> files = StepFiles::open(state_directory);
  if (!files) return files.error().in("steps");
  return std::unique_ptr<ChildStepRunner>(new ChildStepRunner(loop, *std::move(files), std::move(supervisor)));
}

ChildStepRunner::ChildStepRunner(EventLoop& loop, StepFiles files, std::string supervisor)
    : SupervisedSteps(loop, std::move(files)), supervisor_(std::move(supervisor)) {}

ChildStepRunner::~ChildStepRunner() = default;

Status ChildStepRunner::start(const StepKey& key, const StepCommand& command) {
  if (const Status claimed = files_.claim(key, command); !claimed) return claimed;
  Status launched = launch(key);
  if (!launched) files_.unclaim(key);
  return launched;
}

Status ChildStepRunner::launch(const StepKey& key) {
  const Result<step::Fd> reader = files_.control_reader(key);
  if (!reader) return reader.error().in("step " + key.text());
  step::Fd control = files_.control(key);
  if (!control) return fail(Errc::io, "step " + key.text() + ": cannot open its control pipe: " + std::strerror(errno));
  const int pid = spawn(supervisor_, files_.path_of(key), reader->get());
  if (pid < 0)
    return fail(Errc::io, "step " + key.text() + ": cannot start " + supervisor_ + ": " + std::strerror(-pid));
  watch(key, std::move(control));
  watch_child(key, pid);
  return {};
}

/// Only so that no zombie stays: the end of the step is told by the control pipe, for own and adopted steps alike.
void ChildStepRunner::watch_child(const StepKey& key, int pid) {
  auto child = std::make_unique<Child>();
  child->pidfd = step::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
  if (!child->pidfd) return; // out of descriptors: a zombie is the lesser evil
  child->io = loop_.add_io(
      child->pidfd.get(), EPOLLIN, [this, key, pid](std::uint32_t) { on_child_exit(StepKey(key), pid); },
      EventLoop::kSteps);
  children_[pid] = std::move(child);
}

void ChildStepRunner::on_child_exit(const StepKey& key, int pid) {
  if (::waitpid(pid, nullptr, WNOHANG) == 0) return;
  children_.erase(pid);
  // As a rule the control pipe told before; not where a stranger reads the pipe too.
  on_done(key);
}

StepRunner::Seen ChildStepRunner::adopt(const StepKey& key) {
  // Without a reader of its control pipe there is no supervisor, and nobody else can make one.
  if (!watches(key) && !files_.control(key) && files_.look(key).by_absence) {
    files_.unclaim(key);
    return Seen::never;
  }
  return SupervisedSteps::adopt(key);
}

void ChildStepRunner::forget(const StepKey& key) {
  if (!watches(key) && !files_.control(key)) files_.forget(key);
}

} // namespace backstop
