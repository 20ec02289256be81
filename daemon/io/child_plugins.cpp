#include "daemon/io/child_plugins.hpp"
#include "collectors/plugin_output.hpp"
#include "daemon/io/os_error.hpp"
#include "daemon/step/fd.hpp"
#include <csignal>
#include <deque>
#include <fcntl.h>
#include <map>
#include <optional>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace backstop {
namespace {

/// Starts the program in a process group of its own, with `output` as its stdout. Its pid, or minus an errno.
int spawn(const std::vector<std::string>& argv, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str())); // as posix_spawn wants it
  words.push_back(nullptr);
  std::string path = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
  std::string locale = "LC_ALL=C"; // numbers with a decimal point
  char* const environment[] = {path.data(), locale.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, argv[0].c_str(), &actions, &attributes, words.data(), environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error == 0 ? pid : -error;
}

std::string duration_text(Duration d) {
  if (d % std::chrono::seconds(1) == Duration::zero()) return std::to_string(d / std::chrono::seconds(1)) + " s";
  return std::to_string(d / std::chrono::milliseconds(1)) + " ms";
}

} // namespace

/// Shared with the handlers that run it: a `done` may destroy the runner.
struct ChildPlugins::Impl : std::enable_shared_from_this<ChildPlugins::Impl> {
  struct Job {
    PluginCommand command;
    Done done;     ///< empty: told, or given up
    pid_t pid = 0; ///< 0: it waits for its turn
    // The descriptors are first, so that they are closed after the loop lets go of them.
    step::Fd process, output;
    std::unique_ptr<EventLoop::Io> process_io, output_io;
    std::unique_ptr<EventLoop::Timer> deadline;
    std::string printed;
  };

  explicit Impl(EventLoop& l) : loop(l) {}

  void add(Id id, PluginCommand command, Done done) {
    Job& job = jobs[id];
    job.command = std::move(command);
    job.done = std::move(done);
    job.deadline = loop.add_timer([this, id] { too_late(id); });
    job.deadline->arm(loop.fresh_now() + job.command.timeout);
    waiting.push_back(id);
    next_turns();
  }

  void next_turns() {
    while (!waiting.empty() && running < kMostAtOnce) {
      const auto found = jobs.find(waiting.front());
      waiting.pop_front();
      if (found != jobs.end()) launch(found->first, found->second);
    }
  }

  void launch(Id id, Job& job) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
      return end_later(id, fail(Errc::io, "cannot make a pipe: " + errno_text(errno)));
    job.output = step::Fd(ends[0]);
    const step::Fd write_end(ends[1]);
    ::fcntl(write_end.get(), F_SETFL, 0); // the plugin expects a pipe that waits
    const int pid = spawn(job.command.argv, write_end.get());
    if (pid < 0)
      return end_later(id, fail(pid == -ENOENT ? Errc::not_found : Errc::io,
                                "cannot start " + job.command.argv[0] + ": " + errno_text(-pid)));
    job.pid = pid;
    ++running;
    job.process = step::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
    if (!job.process) { // nothing would tell of its end
      const int error = errno;
      kill_group(job);
      ::waitpid(pid, nullptr, 0);
      job.pid = 0, --running;
      return end_later(id, fail(Errc::io, "cannot watch " + job.command.argv[0] + ": " + errno_text(error)));
    }
    job.process_io = loop.add_io(job.process.get(), EPOLLIN, [this, id](std::uint32_t) { on_exit(id); });
    job.output_io = loop.add_io(job.output.get(), EPOLLIN, [this, id](std::uint32_t) { on_output(id); });
  }

  /// Of its group nobody is left: while the plugin itself is not reaped the number cannot be another's.
  static void kill_group(const Job& job) { ::kill(-job.pid, SIGKILL); }

  /// False: it printed too much.
  static bool read_some(Job& job) {
    char buffer[16384];
    while (job.printed.size() <= kMostPluginOutput) {
      const ssize_t n = ::read(job.output.get(), buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        if (n == 0) job.output_io.reset();
        return true;
      }
      job.printed.append(buffer, static_cast<std::size_t>(n));
    }
    return false;
  }

  void on_output(Id id) {
    Job& job = jobs.at(id);
    if (read_some(job)) return;
    job.output_io.reset();
    kill_group(job);
    tell(id, too_much());
  }

  static Error too_much() {
    return fail(Errc::too_large, "it printed more than " + std::to_string(kMostPluginOutput >> 10) + " KiB");
  }

  void on_exit(Id id) {
    const auto self = shared_from_this();
    Job& job = jobs.at(id);
    const bool fits = !job.done || read_some(job);
    kill_group(job); // what it left behind
    int status = 0;
    const pid_t reaped = ::waitpid(job.pid, &status, WNOHANG);
    if (reaped == 0) return;
    const int error = errno;
    --running;
    const Done done = std::move(job.done);
    PluginEnd end{WIFEXITED(status) ? WEXITSTATUS(status) : -1, std::move(job.printed)};
    jobs.erase(id);
    next_turns();
    if (!done) return;
    if (reaped < 0) return done(fail(Errc::io, "how it ended cannot be told: " + errno_text(error)));
    if (!fits) return done(too_much());
    if (WIFSIGNALED(status)) return done(fail(Errc::io, "it was ended by signal " + std::to_string(WTERMSIG(status))));
    done(std::move(end));
  }

  void too_late(Id id) {
    Job& job = jobs.at(id);
    const std::string within = duration_text(job.command.timeout);
    if (job.pid == 0) {
      const Done done = std::move(job.done);
      jobs.erase(id);
      return done(fail(Errc::busy, "its turn did not come within " + within + ": " + std::to_string(kMostAtOnce) +
                                       " other plugins run"));
    }
    kill_group(job);
    tell(id, fail(Errc::timeout, "it did not end within " + within + ", and was killed"));
  }

  /// Ends the wait for a plugin that was killed; on_exit reaps it.
  void tell(Id id, Error why) {
    Job& job = jobs.at(id);
    job.deadline.reset();
    job.output_io.reset();
    if (const Done done = std::exchange(job.done, nullptr)) done(std::move(why));
  }

  /// For one that never ran: told from the loop like every other end.
  void end_later(Id id, Error why) {
    loop.post([weak = weak_from_this(), id, why = std::move(why)] {
      const auto self = weak.lock();
      if (!self) return;
      const auto found = self->jobs.find(id);
      if (found == self->jobs.end()) return;
      const Done done = std::move(found->second.done);
      self->jobs.erase(found);
      if (done) done(why);
    });
  }

  void close() {
    for (auto& [id, job] : jobs) {
      if (job.pid == 0) continue;
      kill_group(job);
      ::waitpid(job.pid, nullptr, WNOHANG); // one stuck in the kernel is left to init
    }
    jobs.clear();
    waiting.clear();
  }

  EventLoop& loop;
  std::map<Id, Job> jobs;
  std::deque<Id> waiting;
  std::size_t running = 0;
  Id last_id = 0;
};

ChildPlugins::ChildPlugins(EventLoop& loop) : impl_(std::make_shared<Impl>(loop)) {}
ChildPlugins::~ChildPlugins() { impl_->close(); }

PluginRunner::Id ChildPlugins::start(PluginCommand command, Done done) {
  const Id id = ++impl_->last_id;
  impl_->add(id, std::move(command), std::move(done));
  return id;
}

void ChildPlugins::cancel(Id id) {
  const auto found = impl_->jobs.find(id);
  if (found == impl_->jobs.end()) return;
  if (found->second.pid == 0) {
    impl_->jobs.erase(found);
    return;
  }
  Impl::kill_group(found->second);
  found->second.done = nullptr;
  found->second.deadline.reset();
  found->second.output_io.reset();
}

} // namespace backstop
