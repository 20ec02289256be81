/// The example service: a shop's checkout that writes orders into PostgreSQL. What is good or bad about it is in its
/// release folder. A new process takes over from the running one without losing a request:
///
///   new: opens its database connections, listens on the same address too, claims the pid file, sends SIGTERM to the
///   old old: accepts what is already queued, stops listening, answers what it has and ends those connections, exits
#include "examples/checkout/http_front.hpp"
#include "examples/checkout/order_store.hpp"
#include "examples/checkout/process.hpp"
#include "examples/checkout/release.hpp"
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace checkout;

constexpr int kPool = 4;
constexpr std::chrono::milliseconds kIdleDrain{400};
constexpr std::chrono::seconds kLongestDrain{5};

constexpr const char* kUsage =
    "checkout --listen 127.0.0.1:PORT --dsn DSN --release DIR [--pid-file FILE] [--parent PID]\n"
    "  --pid-file FILE  the process named there is asked to end once this one serves; then it names this one\n"
    "  --parent PID     end when that process ends, until this one serves\n"
    "checkout --free-port   prints a port of 127.0.0.1 that is free\n";

struct Arguments {
  std::string listen, dsn, release, pid_file;
  pid_t parent = 0;
  bool free_port = false;
};

bool parse(int argc, char** argv, Arguments& out) {
  static const std::array<option, 7> options{{{"listen", required_argument, nullptr, 'l'},
                                              {"dsn", required_argument, nullptr, 'd'},
                                              {"release", required_argument, nullptr, 'r'},
                                              {"pid-file", required_argument, nullptr, 'p'},
                                              {"parent", required_argument, nullptr, 'P'},
                                              {"free-port", no_argument, nullptr, 'f'},
                                              {nullptr, 0, nullptr, 0}}};
  for (int key = 0; (key = ::getopt_long(argc, argv, "", options.data(), nullptr)) != -1;) {
    switch (key) {
    case 'l': out.listen = optarg; break;
    case 'd': out.dsn = optarg; break;
    case 'r': out.release = optarg; break;
    case 'p': out.pid_file = optarg; break;
    case 'P': out.parent = std::atoi(optarg); break;
    case 'f': out.free_port = true; break;
    default: return false;
    }
  }
  return optind == argc && (out.free_port || !(out.listen.empty() || out.dsn.empty() || out.release.empty()));
}

int fail(const std::string& why) {
  log_line("not started: " + why);
  return EXIT_FAILURE;
}

/// SIGTERM and SIGINT as a descriptor. Before any thread starts, so that all threads leave them alone.
int take_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGTERM);
  ::sigaddset(&ends, SIGINT);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  return ::signalfd(-1, &ends, SFD_CLOEXEC);
}

/// Takes what is queued. False: it cannot, for lack of descriptors or memory.
bool accept_all(int listener, HttpFront& front) {
  for (;;) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    const int fd = ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
      front.add(fd, reinterpret_cast<const sockaddr*>(&peer), length);
    else if (errno == EAGAIN)
      return true;
    else if (errno != EINTR && errno != ECONNABORTED)
      return false;
  }
}

void serve(int listener, int signals, HttpFront& front) {
  bool stuck = false;
  for (;;) {
    std::array<pollfd, 2> fds{{{signals, POLLIN, 0}, {stuck ? -1 : listener, POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), stuck ? 50 : -1);
    if (fds[0].revents != 0) return;
    stuck = !accept_all(listener, front);
  }
}

void hand_over(const std::optional<pid_t>& predecessor, const Arguments& arguments, const Release& release) {
  if (predecessor) ::kill(*predecessor, SIGTERM);
  log_line("serving " + release.version + " on " + arguments.listen +
           (predecessor ? ", taken over from pid " + std::to_string(*predecessor) : ""));
}

int run(const Arguments& arguments) {
  const int signals = take_signals();
  if (arguments.parent != 0 && !live_with_parent(arguments.parent)) return fail("who started it is gone");
  std::string why;
  const auto release = read_release(arguments.release, why);
  if (!release) return fail(why);
  OrderStore store(arguments.dsn, kPool);
  if (!store.connect(why)) return fail("database: " + why);
  HttpFront front(*release, store);
  if (!front.start()) return fail("no HTTP server: " + std::string(std::strerror(errno)));
  const PidFile pid_file(arguments.pid_file);
  const auto predecessor = pid_file.predecessor();
  // From here on it is a matter of microseconds, and not to be cut short half-way.
  outlive_parent();
  const int listener = listen_on(arguments.listen, predecessor.has_value(), why);
  if (listener < 0) return fail(why);
  if (!pid_file.claim(why)) return fail(why);
  hand_over(predecessor, arguments, *release);

  serve(listener, signals, front);
  accept_all(listener, front);
  ::close(listener);
  log_line("stopping " + release->version);
  front.drain(kIdleDrain, kLongestDrain);
  pid_file.release();
  log_line("stopped " + release->version);
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (arguments.free_port) return std::printf("%d\n", free_port()) > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  return run(arguments);
}
