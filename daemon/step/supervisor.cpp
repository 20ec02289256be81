#include "daemon/step/supervisor.hpp"
#include "daemon/step/files.hpp"
#include "daemon/step/processes.hpp"
#include <algorithm>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

namespace backstop::step {
namespace {

using std::chrono::milliseconds;

bool cannot(Outcome& out, std::string detail) {
  out.end = "failed_to_start";
  out.detail = std::move(detail);
  return false;
}

/// SIGCHLD and SIGTERM through a descriptor; nothing else but KILL reaches us.
Fd take_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  sigset_t ours;
  ::sigemptyset(&ours);
  ::sigaddset(&ours, SIGCHLD);
  ::sigaddset(&ours, SIGTERM);
  return Fd(::signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC));
}

std::string seconds_text(std::chrono::microseconds d) {
  std::string text = std::to_string(static_cast<double>(d.count()) / 1e6);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " s";
}

} // namespace

Outcome Supervisor::run() {
  Outcome out;
  if (!take_lock(out) || !prepare(out)) return out;
  // A unit's cgroup is new and counts from zero, even where the counts appear only with its first process.
  memory_ = own_memory_events();
  if (unit_ && !memory_) memory_ = MemoryEvents{};
  if (!launch(out)) return out;
  while (!over()) turn();
  describe(out);
  output_.settle_drain();
  return out;
}

bool Supervisor::take_lock(Outcome& out) {
  if (command_.lock_file.empty()) return true;
  const char* const path = command_.lock_file.c_str();
  // First without O_CREAT: in /run/lock even root may not open another's file with it (fs.protected_regular).
  lock_ = Fd(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!lock_ && errno == ENOENT) lock_ = Fd(::open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644));
  if (!lock_) return cannot(out, "lock file " + command_.lock_file + ": " + error_text(errno));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) return cannot(out, "lock file " + command_.lock_file + ": " + error_text(errno));
  out.end = "locked";
  out.detail = "lock file " + command_.lock_file + " is held" + lock_holder(lock_.get());
  return false;
}

/// Not by closing: a process just forked may still have a copy of the descriptor.
void Supervisor::release_lock() {
  if (lock_) ::flock(lock_.get(), LOCK_UN);
}

bool Supervisor::prepare(Outcome& out) {
  // Orphans of the step come to us, so that we can tell what it left behind.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  signals_ = take_signals();
  if (!signals_) return cannot(out, "cannot watch for the end of the step: " + error_text(errno));
  if (!output_.open()) return cannot(out, "cannot prepare to read the output of the step: " + error_text(errno));
  return true;
}

bool Supervisor::launch(Outcome& out) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return cannot(out, "cannot make a pipe: " + error_text(errno));
  report_ = Fd(ends[0]);
  const Fd report_end(ends[1]);
  const Fd mark(::openat(directory_, kStarted, O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
  if (!mark) return cannot(out, "cannot mark the step as started: " + error_text(errno));
  started_ = Clock::now();
  deadline_ = started_ + command_.timeout;
  pid_ = ::fork();
  if (pid_ == 0) become(command_, output_.write_end(), report_end.get());
  if (pid_ < 0) return cannot(out, "cannot fork: " + error_text(errno));
  output_.start_drain();
  write_all(mark.get(), std::to_string(pid_)); // for people alone: a failure changes nothing
  return true;
}

/// One wait and what it brought.
void Supervisor::turn() {
  Clock::time_point next = ending_ == Ending::none ? deadline_ : killed_ ? give_up_ : kill_at_;
  // Nothing tells of the end of a process group: while it is to end, look.
  if (ending_ != Ending::none) next = std::min<Clock::time_point>(next, Clock::now() + milliseconds(10));
  const auto wait = std::clamp<std::chrono::microseconds>(std::chrono::ceil<milliseconds>(next - Clock::now()), {},
                                                          std::chrono::hours(1));
  pollfd fds[] = {{signals_.get(), POLLIN, 0}, {kControlFd, POLLIN, 0}, {output_.read_end(), POLLIN, 0}};
  ::poll(fds, 3, static_cast<int>(wait.count() / 1000));
  output_.read_some();
  hear(); // before reap(): a SIGCHLD that is read after it would be of a child that nobody reaps
  reap();
  const auto now = Clock::now();
  if (now >= deadline_) end(Ending::timed_out, now);
  if (ending_ != Ending::none && !killed_ && now >= kill_at_ && !over()) {
    signal_group(SIGKILL);
    killed_ = true;
    // A process stuck in the kernel does not even die of SIGKILL; the rollback must not wait for it.
    give_up_ = now + std::max<std::chrono::microseconds>(command_.kill_after, std::chrono::seconds(1));
  }
}

/// Orders to end: a byte in the control pipe, or SIGTERM.
void Supervisor::hear() {
  char bytes[64];
  if (::read(kControlFd, bytes, sizeof bytes) > 0) end(Ending::cancelled, Clock::now());
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo != static_cast<unsigned>(SIGTERM) || ending_ != Ending::none) continue;
    cancelled_by_ = ", as its supervisor got SIGTERM from pid " + std::to_string(info.ssi_pid);
    end(Ending::cancelled, Clock::now());
  }
}

void Supervisor::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid != pid_) continue;
    exited_ = true;
    wait_status_ = status;
    ended_ = Clock::now();
  }
}

void Supervisor::end(Ending why, Clock::time_point now) {
  reap(); // what ended by itself, however late it is, was not ended by us
  if (ending_ != Ending::none || exited_) return;
  ending_ = why;
  kill_at_ = now + command_.kill_after;
  signal_group(SIGTERM);
}

void Supervisor::signal_group(int signal) const {
  // Until the child made its session there is no such group.
  if (::kill(-pid_, signal) != 0 && !exited_) ::kill(pid_, signal);
}

bool Supervisor::group_is_gone() const { return ::kill(-pid_, 0) != 0 && errno == ESRCH; }

bool Supervisor::over() const {
  // What the step leaves running after its own end is meant to stay; what a timeout leaves is not.
  if (ending_ == Ending::none) return exited_;
  if (exited_ && group_is_gone()) return true;
  return killed_ && Clock::now() >= give_up_;
}

std::string Supervisor::ended_sentence() const {
  std::string text =
      ending_ == Ending::timed_out ? "not done after " + seconds_text(command_.timeout) : "cancelled" + cancelled_by_;
  text += killed_ ? "; ended by SIGKILL, as SIGTERM did not end it in " + seconds_text(command_.kill_after)
                  : "; ended by SIGTERM";
  if (!exited_) text += "; pid " + std::to_string(pid_) + " does not die (stuck in the kernel?)";
  return text;
}

/// Empty: no process was killed for want of memory, or the kernel does not tell.
std::string Supervisor::memory_sentence() const {
  const std::optional<MemoryEvents> now = own_memory_events();
  return memory_ && now ? out_of_memory(*memory_, *now, own_memory_max()) : std::string();
}

std::string Supervisor::killed_sentence(int signal, const std::string& memory) const {
  if (signal == SIGKILL && !memory.empty()) return "killed by the kernel: " + memory;
  const char* const name = ::sigabbrev_np(signal);
  return std::string("killed by ") + (name ? std::string("SIG") + name : "signal " + std::to_string(signal)) +
         (WCOREDUMP(wait_status_) ? ", core dumped" : "");
}

void Supervisor::describe(Outcome& out) {
  reap();
  if (!exited_) ended_ = Clock::now();
  out.took = std::chrono::duration_cast<std::chrono::microseconds>(ended_ - started_);
  std::string sentence;
  read_all(report_.get(), sentence, kDetailLimit);
  if (!sentence.empty()) {
    cannot(out, std::move(sentence));
    return;
  }
  output_.read_some(); // what it wrote last; its background processes may write on, but not into this
  out.output = output_.tail();
  out.output_cut = output_.cut();
  if (exited_) out.status = WIFSIGNALED(wait_status_) ? WTERMSIG(wait_status_) : WEXITSTATUS(wait_status_);
  const std::string memory = memory_sentence();
  if (ending_ != Ending::none) {
    out.end = ending_ == Ending::timed_out ? "timed_out" : "cancelled";
    out.detail = ended_sentence();
  } else if (WIFSIGNALED(wait_status_)) {
    out.end = "signaled";
    out.detail = killed_sentence(out.status, memory);
  } else {
    out.end = "exited";
  }
  // A shell whose command is killed ends by itself. Beside the daemon it may as well have been somebody else's process.
  if (const bool told = out.end == std::string_view("signaled") && out.status == SIGKILL;
      unit_ && !memory.empty() && !told)
    out.detail += (out.detail.empty() ? "" : "; ") + ("the kernel killed a process of it: " + memory);
  if (const std::string left = children_left(output_.drain_pid()); !left.empty()) {
    if (!out.detail.empty()) out.detail += "; ";
    out.detail += (ending_ != Ending::none ? "left its process group and still running: " : "left running: ") + left;
  }
}

} // namespace backstop::step
