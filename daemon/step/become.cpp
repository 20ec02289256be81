#include "daemon/step/command.hpp"
#include "daemon/step/fd.hpp"
#include "daemon/step/files.hpp"
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace backstop::step {
namespace {

constexpr int kReportFd = 3;

[[noreturn]] void fail(const std::string& sentence) {
  write_all(kReportFd, std::string_view(sentence).substr(0, kDetailLimit));
  ::_exit(127);
}

void clean_signals() {
  // Past libc, which does not touch its own two signals, and whose posix_spawn left them ignored. All zeros: SIG_DFL.
  constexpr unsigned long action[4] = {};
  for (int signal = 1; signal < NSIG; ++signal)
    ::syscall(SYS_rt_sigaction, signal, action, nullptr, 8); // KILL, STOP refuse
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// stdin from nowhere, stdout and stderr to `output`, kReportFd until the exec, and nothing else of ours.
void clean_descriptors(int output, int report) {
  const int out = ::fcntl(output, F_DUPFD, 4); // out of the way of what is put at 0 to 3
  const int rep = ::fcntl(report, F_DUPFD, 4);
  ::dup3(rep, kReportFd, O_CLOEXEC);
  ::close(STDIN_FILENO);
  const int null = ::open("/dev/null", O_RDONLY); // takes the lowest number: 0
  if (out < 0 || rep < 0 || null != STDIN_FILENO || ::dup2(out, STDOUT_FILENO) < 0 || ::dup2(out, STDERR_FILENO) < 0)
    fail("cannot prepare stdin and stdout: " + error_text(errno));
  ::close_range(kReportFd + 1, ~0U, 0);
}

void become_user(const std::string& user) {
  if (user.empty()) return;
  errno = 0;
  const passwd* const entry = ::getpwnam(user.c_str());
  if (entry == nullptr && errno != 0 && errno != ENOENT) fail("user " + user + ": " + error_text(errno));
  if (entry == nullptr) fail("user " + user + ": no such user on this host");
  if (::geteuid() != 0) {
    if (entry->pw_uid == ::geteuid()) return;
    fail("user " + user + ": only root may become another user, and backstopd runs as uid " +
         std::to_string(::geteuid()));
  }
  // So that it can open /dev/stdout and /dev/stderr anew, as scripts do.
  [[maybe_unused]] const int unimportant = ::fchown(STDOUT_FILENO, entry->pw_uid, entry->pw_gid);
  if (::initgroups(user.c_str(), entry->pw_gid) != 0 || ::setgid(entry->pw_gid) != 0 || ::setuid(entry->pw_uid) != 0)
    fail("user " + user + ": " + error_text(errno));
}

std::string_view path_in(const std::vector<std::string>& environment) {
  for (const std::string& entry : environment)
    if (entry.rfind("PATH=", 0) == 0) return std::string_view(entry).substr(5);
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/// Of ours, which lies where this program does.
constexpr const char* kTrafficProgram = "backstop-traffic";
std::string beside_us(const std::string& name) {
  char self[4096];
  const ssize_t length = ::readlink("/proc/self/exe", self, sizeof self - 1);
  if (length <= 0) fail(name + ": /proc/self/exe cannot be read");
  const std::string path(self, static_cast<std::size_t>(length));
  return path.substr(0, path.rfind('/') + 1) + name;
}

/// A program of the user's own may live on without us: nobody knows what ending it half-way would do. A move of traffic may not:
/// it waits for servers, and would come after what was decided meanwhile. It may be ended at any instant.
void end_with_supervisor() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  pollfd report{kReportFd, 0, 0};
  if (::poll(&report, 1, 0) != 0) ::_exit(127); // nobody reads it: the supervisor died before that
}

/// Where a name without a slash is, by the PATH the command is given. Not execvp: it hands scripts without a "#!" line
/// to a shell.
std::string find_program(const std::string& name, std::string_view path) {
  if (name.find('/') != name.npos) return name;
  if (name == kTrafficProgram) return beside_us(name);
  while (!path.empty()) {
    const std::size_t colon = path.find(':');
    const std::string candidate = std::string(path.substr(0, colon)) + "/" + name;
    struct stat st {};
    if (::stat(candidate.c_str(), &st) == 0 && S_ISREG(st.st_mode) && ::access(candidate.c_str(), X_OK) == 0)
      return candidate;
    path = colon == path.npos ? std::string_view{} : path.substr(colon + 1);
  }
  fail(name + ": not found in PATH");
}

std::string why_not_executed(const std::string& program, int error, const Command& command) {
  std::string text = program + ": " + error_text(error);
  if (error == ENOENT && ::access(program.c_str(), F_OK) == 0)
    text = program + ": the interpreter named in its first line does not exist";
  if (error == ENOEXEC) text += " (a script needs a first line like #!/bin/sh)";
  if (error == EACCES)
    text += command.user.empty() ? " (is it executable?)" : " (is it executable for user " + command.user + "?)";
  if (error == E2BIG) text += " (arguments and environment together)";
  return text;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

} // namespace

void become(const Command& given, int output, int report) {
  Command command = given; // execve takes char*
  ::setsid();
  clean_descriptors(output, report);
  clean_signals();
  ::umask(022); // the daemon's own is stricter, and what is deployed must be readable
  become_user(command.user);
  if (::chdir(command.directory.c_str()) != 0) fail("directory " + command.directory + ": " + error_text(errno));
  const std::string program = find_program(command.argv.front(), path_in(command.environment));
  if (command.argv.front() == kTrafficProgram) end_with_supervisor();
  const std::vector<char*> argv = pointers(command.argv);
  const std::vector<char*> environment = pointers(command.environment);
  ::execve(program.c_str(), argv.data(), environment.data());
  fail(why_not_executed(program, errno, command));
}

} // namespace backstop::step
