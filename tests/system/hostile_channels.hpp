#pragma once
#include "daemon/io/sqlite_database.hpp"
#include "daemon/json.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/raw_server.hpp"
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <microhttpd.h>
#include <mutex>
#include <netinet/in.h>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

/// The other side of webhooks at its worst: servers on loopback that fail in one way each while they are bad, and take what
/// they are sent while they are good. What reached them is the witness of the outbox bench.
namespace backstop::shop {

enum class Fault { hangs, busy, error, closes, late, refuses_tls, refuses };
inline const char* name_of(Fault fault) {
  constexpr const char* kNames[] = {
      "hangs", "429, Retry-After", "500", "closes midway", "200 about the timeout", "no TLS at times", "port closed"};
  return kNames[static_cast<int>(fault)];
}

constexpr std::chrono::seconds kChannelTimeout{6}; ///< of one attempt; what hangs costs the daemon so long
constexpr std::chrono::seconds kRetryAfter{3}; ///< longer than the daemon would wait by itself after its first attempt

/// What reached one channel, in the order in which it did.
class Inbox {
public:
  struct Arrival {
    std::string key, body;
    bool taken = false;        ///< all of an answer 200 was sent
    bool queued_before = true; ///< the journal on the disk had it by then
    bool too_early = false;    ///< the daemon was told to wait for longer, and had not been killed since
  };
  using Clock = std::chrono::steady_clock;
  Inbox(std::string journal, const std::atomic<Clock::time_point>& last_kill)
      : journal_(std::move(journal)), last_kill_(last_kill) {}

  /// A whole request is here. Gives its place, for taken().
  std::size_t arrived(const std::string& key, const std::string& body) {
    const bool queued = is_queued(key);
    const std::lock_guard lock(mutex_);
    const auto told = told_to_wait_.find(key);
    // What was told about when the daemon was killed it may not have heard.
    const bool early = told != told_to_wait_.end() &&
                       last_kill_.load() + std::chrono::milliseconds(200) < told->second &&
                       Clock::now() < told->second + kRetryAfter - std::chrono::milliseconds(20);
    arrivals_.push_back({key, body, false, queued, early});
    return arrivals_.size() - 1;
  }
  void taken(std::size_t place) {
    const std::lock_guard lock(mutex_);
    arrivals_[place].taken = true;
  }
  void told_to_wait(const std::string& key) {
    const std::lock_guard lock(mutex_);
    told_to_wait_[key] = Clock::now();
  }
  std::vector<Arrival> all() const {
    const std::lock_guard lock(mutex_);
    return arrivals_;
  }

private:
  /// Asked of the file while the daemon writes it: what is sent must be there already.
  [[nodiscard]] bool is_queued(const std::string& key) const {
    const auto database = SqliteDatabase::open(journal_, SqliteDatabase::Mode::read_only, 2000);
    if (!database) return false;
    auto find =
        database->prepare("SELECT 1 FROM records WHERE type = 'notice_queued' AND json_extract(payload, '$.key') = ?1");
    if (!find) return false;
    const auto row = find->bind(1, std::string_view(key)).step();
    return row && *row;
  }

  std::string journal_;
  const std::atomic<Clock::time_point>& last_kill_;
  mutable std::mutex mutex_;
  std::vector<Arrival> arrivals_;
  std::map<std::string, Clock::time_point> told_to_wait_; ///< by key, when
};

/// An https server with a certificate of its own, behind a door (HostileChannel) that can be shut.
class TlsInbox {
public:
  explicit TlsInbox(Inbox& inbox) : inbox_(inbox) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test "
        "-addext subjectAltName=IP:127.0.0.1 -keyout " +
        directory_.path() + "/key.pem -out " + cert_file() + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("the openssl program is needed for a certificate");
    key_ = text_of(directory_.path() + "/key.pem");
    cert_ = text_of(cert_file());
    daemon_ = MHD_start_daemon(MHD_USE_TLS | MHD_USE_INTERNAL_POLLING_THREAD, 0, nullptr, nullptr, &answer, this,
                               MHD_OPTION_HTTPS_MEM_KEY, key_.c_str(), MHD_OPTION_HTTPS_MEM_CERT, cert_.c_str(),
                               MHD_OPTION_NOTIFY_COMPLETED, &completed, this, MHD_OPTION_END);
    if (!daemon_) throw std::runtime_error("cannot start a TLS server");
  }
  TlsInbox(const TlsInbox&) = delete;
  TlsInbox& operator=(const TlsInbox&) = delete;
  ~TlsInbox() { MHD_stop_daemon(daemon_); }

  [[nodiscard]] std::string cert_file() const { return directory_.path() + "/cert.pem"; }
  /// A connection to it, to be closed by the caller; -1: none.
  [[nodiscard]] int connect_to() const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT)->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
    close(fd);
    return -1;
  }

private:
  struct Request {
    std::string body;
    std::size_t place = 0;
    bool answered = false;
  };
  static std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  static MHD_Result answer(void* self, MHD_Connection* c, const char*, const char*, const char*, const char* data,
                           std::size_t* size, void** state) {
    if (!*state) {
      *state = new Request;
      return MHD_YES;
    }
    Request& request = *static_cast<Request*>(*state);
    if (*size > 0) {
      request.body.append(data, *size);
      *size = 0;
      return MHD_YES;
    }
    const char* const key = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Idempotency-Key");
    request.place = static_cast<TlsInbox*>(self)->inbox_.arrived(key ? key : "", request.body);
    request.answered = true;
    static char body[] = "ok";
    MHD_Response* const response = MHD_create_response_from_buffer(2, body, MHD_RESPMEM_PERSISTENT);
    const MHD_Result queued = MHD_queue_response(c, 200, response);
    MHD_destroy_response(response);
    return queued;
  }
  static void completed(void* self, MHD_Connection*, void** state, MHD_RequestTerminationCode how) {
    const std::unique_ptr<Request> request(static_cast<Request*>(*state));
    *state = nullptr;
    if (request && request->answered && how == MHD_REQUEST_TERMINATED_COMPLETED_OK)
      static_cast<TlsInbox*>(self)->inbox_.taken(request->place);
  }

  Inbox& inbox_;
  TemporaryDirectory directory_;
  std::string key_, cert_;
  MHD_Daemon* daemon_ = nullptr;
};

/// One channel of the daemon and the server behind it. Bad at first.
class HostileChannel {
public:
  HostileChannel(std::string channel, std::vector<Fault> faults, Inbox& into, unsigned seed)
      : name(std::move(channel)), inbox(into), faults_(std::move(faults)), random_(seed) {
    if (can_be(Fault::refuses_tls)) tls_ = std::make_unique<TlsInbox>(inbox);
    // Below the ports that the kernel gives away, so that nobody else gets it while it is closed.
    while (!port_ || !open(port_)) port_ = 20000 + below(12000);
    become(true);
  }

  const std::string name;
  Inbox& inbox;

  /// As it stands in the daemon's file, after those before it.
  [[nodiscard]] std::string yaml() const {
    return ", " + name + ": {type: webhook, timeout: " + std::to_string(kChannelTimeout.count()) + "s, url: \"http" +
           (tls_ ? "s" : "") + "://127.0.0.1:" + std::to_string(port_) + "/hook\"" +
           (tls_ ? ", ca_file: " + tls_->cert_file() : "") + "}";
  }
  /// From now on it fails, in one of its ways, or takes what it is sent. By one thread alone.
  void become(bool bad) {
    fault_ = faults_[static_cast<std::size_t>(below(static_cast<int>(faults_.size())))];
    bad_ = bad;
    const bool closed = bad && fault_ == Fault::refuses;
    if (closed) server_.reset();
    while (!closed && !server_ && !open(port_)) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  [[nodiscard]] std::string ways() const { return faults_.size() == 1 ? name_of(faults_.front()) : "one of all"; }

private:
  [[nodiscard]] bool can_be(Fault fault) const { return faults_.size() == 1 && faults_.front() == fault; }
  int below(int n) {
    const std::lock_guard lock(mutex_);
    return std::uniform_int_distribution<int>(0, n - 1)(random_);
  }
  bool open(int port) {
    try {
      server_ = std::make_unique<RawServer>([this](RawServer::Connection& c) { tls_ ? door(c) : serve(c); }, port);
    } catch (const std::runtime_error&) { // somebody has that port
      return false;
    }
    return true;
  }

  void serve(RawServer::Connection& c) {
    const std::string header = "\r\nIdempotency-Key: ";
    while (const auto request = c.read_request()) {
      const auto at = request->find(header), from = at + header.size(), head = request->find("\r\n\r\n");
      const std::string key = at < head ? request->substr(from, request->find('\r', from) - from) : "";
      const std::size_t place = inbox.arrived(key, request->substr(head + 4));
      if (!(bad_ ? fail(c, key, place) : take(c, place))) return;
    }
  }
  bool take(RawServer::Connection& c, std::size_t place) {
    if (!c.send(http_answer(200, "ok"))) return false;
    inbox.taken(place);
    return true;
  }
  /// False: the connection is over.
  bool fail(RawServer::Connection& c, const std::string& key, std::size_t place) {
    using namespace std::chrono_literals;
    switch (fault_) {
    case Fault::busy:
      inbox.told_to_wait(key);
      return c.send(http_answer(429, "not now", "Retry-After: " + std::to_string(kRetryAfter.count()) + "\r\n"));
    case Fault::error: return c.send(http_answer(500, "it broke"));
    case Fault::closes: c.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nwhat follows is"); return false;
    case Fault::late: {
      const auto until = std::chrono::steady_clock::now() + kChannelTimeout - 150ms + below(300) * 1ms;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      if (!c.wait(static_cast<int>(left.count()))) return false;
      if (std::chrono::steady_clock::now() >= until - 2ms) return take(c, place);
      return false; // the daemon has left already
    }
    case Fault::hangs:
    case Fault::refuses_tls:
    case Fault::refuses: c.hold(); // what was connected before the port closed
    }
    return false;
  }

  /// To the TLS server, while this is good. Else what a client meets that does not find TLS behind a port.
  void door(RawServer::Connection& c) {
    if (bad_) {
      const std::string hello = c.read_some();
      const int how = below(3);
      if (how == 0) c.send(http_answer(400, "this is plain HTTP"));
      if (how == 1) c.hold();
      return;
    }
    const int behind = tls_->connect_to();
    if (behind < 0) return;
    std::thread back([&] {
      char buffer[65536];
      for (ssize_t got = 0; (got = recv(behind, buffer, sizeof buffer, 0)) > 0;)
        if (!c.send({buffer, static_cast<std::size_t>(got)})) break;
    });
    for (std::string some = c.read_some(); !some.empty() && !bad_; some = c.read_some())
      if (::send(behind, some.data(), some.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(some.size())) break;
    shutdown(behind, SHUT_RDWR);
    back.join();
    close(behind);
  }

  std::vector<Fault> faults_;
  std::mutex mutex_; ///< of random_
  std::mt19937 random_;
  std::atomic<bool> bad_ = true;
  std::atomic<Fault> fault_ = Fault::hangs;
  int port_ = 0;
  std::unique_ptr<TlsInbox> tls_;
  std::unique_ptr<RawServer> server_; ///< none while the port is closed
};

} // namespace backstop::shop
