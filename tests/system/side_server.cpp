/// side_server PORT FILE: one side of a shop. It answers with the version that FILE names, every second request with 500 where that
/// ends with "bad" (from its 150th request on where it ends with "late-bad"), and counts what it answered at /metrics. Loopback only; ends with SIGTERM, or with whoever started it.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <microhttpd.h>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/prctl.h>

namespace {

std::string version_file;
std::atomic<std::uint64_t> good{0}, failed{0};

constexpr std::uint64_t kGoodAtFirst = 150;

/// Whether the next request fails: of one version every second one.
bool fails(const std::string& version) {
  static std::mutex mutex;
  static std::string last;
  static std::uint64_t asked = 0;
  const std::lock_guard lock(mutex);
  if (version != last) asked = 0;
  last = version;
  ++asked;
  return version.ends_with("bad") && asked % 2 == 1 && (!version.ends_with("late-bad") || asked > kGoodAtFirst);
}

std::string version() {
  std::string text;
  std::ifstream in(version_file);
  std::getline(in, text);
  return text;
}

MHD_Result answer(void*, MHD_Connection* connection, const char* url, const char*, const char*, const char*, size_t*,
                  void** state) {
  static int seen;
  if (!*state) { // the headers alone: answered now, the connection would not be kept
    *state = &seen;
    return MHD_YES;
  }
  std::string body;
  unsigned code = 200;
  if (std::strcmp(url, "/metrics") == 0) {
    body = "http_requests_total{code=\"200\"} " + std::to_string(good) + "\nhttp_requests_total{code=\"500\"} " +
           std::to_string(failed) + "\n";
  } else if (std::strcmp(url, "/health") != 0) {
    body = version();
    if (fails(body)) code = 500;
    ++(code == 200 ? good : failed);
    body += "\n";
  }
  MHD_Response* response = MHD_create_response_from_buffer(body.size(), body.data(), MHD_RESPMEM_MUST_COPY);
  if (!response) return MHD_NO;
  const MHD_Result queued = MHD_queue_response(connection, code, response);
  MHD_destroy_response(response);
  return queued;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: side_server PORT FILE\n");
    return 2;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  version_file = argv[2];
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  MHD_Daemon* daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, nullptr, nullptr, &answer, nullptr,
                                        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
  if (!daemon) {
    std::fprintf(stderr, "side_server: cannot listen on port %s: %s\n", argv[1], std::strerror(errno));
    return 1;
  }
  int signal = 0;
  ::sigwait(&ends, &signal);
  MHD_stop_daemon(daemon);
  return 0;
}
