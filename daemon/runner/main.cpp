#include "daemon/io/transient_units.hpp"
#include "daemon/runner/runner.hpp"
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pwd.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

namespace backstop::runner {
namespace {

/// A sandboxed unit takes some 40 ms; a host on its knees much longer.
constexpr Duration kReadyLimit = std::chrono::seconds(30);
constexpr const char* kDaemonUser = "backstop";

struct Settings {
  std::string config = "/etc/backstop/backstop.yaml";
  std::string state = "/var/lib/backstop-runner";
  std::string supervisor = "/usr/libexec/backstop/backstop-step";
};

StartUnit unit_starter(TransientUnits& units, const std::string& supervisor) {
  return [&units, supervisor](const StepUnit& step) {
    TransientUnit unit;
    unit.name = step.name;
    unit.description = step.description;
    unit.argv = {supervisor, "--unit", step.directory};
    // Only for a supervisor that hangs: it keeps the step's own limits.
    unit.run_limit = step.timeout + 2 * step.kill_after + std::chrono::seconds(30);
    unit.stop_limit = step.kill_after + std::chrono::seconds(10);
    unit.confinement = step.confinement;
    if (!step.order.service.empty()) {
      const auto field = [&](const char* name) {
        const auto it = step.order.fields.find(name);
        return it == step.order.fields.end() ? std::string() : it->second;
      };
      unit.journal_fields = {{"BACKSTOP_SERVICE", step.order.service},
                             {"BACKSTOP_DEPLOYMENT", field("deployment")},
                             {"BACKSTOP_INCIDENT", field("incident")}};
    }
    return units.start(unit, kReadyLimit);
  };
}

/// Empty: the daemon's user, or root.
std::string why_not(int connection, uid_t daemon) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::strerror(errno);
  if (peer.uid == daemon || peer.uid == 0) return {};
  return "uid " + std::to_string(peer.uid) + " may not speak to backstop-runner; only " + kDaemonUser + " may";
}

/// One request and its reply. A client that sends nothing is left after two seconds: the next one waits behind it.
void serve(int connection, Runner& runner, uid_t daemon) {
  const timeval limit{2, 0};
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  std::string request(kRunnerPacketLimit + 1, '\0');
  const ssize_t n = ::recv(connection, request.data(), request.size(), 0);
  if (n <= 0) return;
  request.resize(static_cast<std::size_t>(n));
  std::string why = why_not(connection, daemon);
  const RunnerReply reply =
      why.empty() ? runner.handle(request) : RunnerReply{RunnerReply::Result::failed, std::move(why)};
  if (reply.result == RunnerReply::Result::failed) std::fprintf(stderr, "<4>refused: %s\n", reply.why.c_str());
  const std::string text = text_of(reply);
  ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
}

Time wall_clock() {
  return Time{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
}

int run(const Settings& settings) {
  const auto fatal = [](const std::string& why) {
    std::fprintf(stderr, "<3>backstop-runner: %s\n", why.c_str());
    return 1;
  };
  if (sd_listen_fds(1) != 1 || sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_SEQPACKET, 1, nullptr, 0) <= 0)
    return fatal("is started by backstop-runner.socket; it is of no use by hand");
  const passwd* const user = ::getpwnam(kDaemonUser);
  if (!user) return fatal(std::string("there is no user ") + kDaemonUser + "; systemd-sysusers makes it");
  const uid_t daemon = user->pw_uid;
  ::umask(007); // what is made for the daemon's group is for nobody else
  // Both are made, and given to whom they belong, by systemd-tmpfiles: the daemon looks there before we first run.
  Result<StepFiles> files = StepFiles::open_existing(settings.state);
  if (!files) return fatal(files.error().what + " (systemd-tmpfiles --create makes it)");
  const std::string kept = settings.state + "/configs";
  if (::access(kept.c_str(), W_OK) != 0)
    return fatal(kept + ": " + std::strerror(errno) + " (systemd-tmpfiles --create makes it)");
  TransientUnits units;
  Runner runner(Configs(settings.config, kept, root_files()), *std::move(files),
                unit_starter(units, settings.supervisor));
  runner.keep_house(wall_clock());
  sd_notify(0, "READY=1");
  for (;;) {
    const int connection = ::accept4(SD_LISTEN_FDS_START, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return fatal(std::string("accept: ") + std::strerror(errno));
    }
    serve(connection, runner, daemon);
    ::close(connection);
    runner.keep_house(wall_clock());
  }
}

} // namespace
} // namespace backstop::runner

/// backstop-runner [CONFIG [STATE [SUPERVISOR]]]: the paths are for tests; the unit gives none.
int main(int argc, char** argv) {
  backstop::runner::Settings settings;
  if (argc > 1) settings.config = argv[1];
  if (argc > 2) settings.state = argv[2];
  if (argc > 3) settings.supervisor = argv[3];
  if (argc > 4 || settings.config.rfind('/', 0) != 0) {
    std::fputs(
        "backstop-runner starts the steps of backstopd with the rights of root; backstop-runner.socket starts it\n",
        stderr);
    return 2;
  }
  return backstop::runner::run(settings);
}
