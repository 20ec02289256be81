#include "daemon/io/dns_lookup.hpp"
#include <algorithm>
#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <array>
#include <netdb.h>
#include <set>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unordered_map>
#include <utility>

namespace backstop {
namespace {

constexpr int kTryFor = 1500; // ms, doubled at the second try
constexpr int kTries = 2;
constexpr std::size_t kMostAddresses = 2 * config::kMostTargets; ///< of one answer

int record_type(config::DnsType type) {
  switch (type) {
  case config::DnsType::srv: return ns_t_srv;
  case config::DnsType::a: return ns_t_a;
  case config::DnsType::aaaa: return ns_t_aaaa;
  }
  return ns_t_a;
}

std::string joined(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

/// What c-ares calls an error, or the places in the answer.
int read_answer(const unsigned char* answer, int length, const config::DnsDiscovery& wanted,
                std::set<std::string>& out) {
  if (wanted.type == config::DnsType::srv) {
    ares_srv_reply* first = nullptr;
    const int status = ares_parse_srv_reply(answer, length, &first);
    for (const ares_srv_reply* r = first; r && out.size() < kMostAddresses; r = r->next) {
      std::string host = r->host;
      while (host.ends_with('.')) host.pop_back();
      if (!host.empty() && r->port != 0) out.insert(joined(host, r->port)); // "." says that there is no such service
    }
    if (first) ares_free_data(first);
    return status;
  }
  const bool v6 = wanted.type == config::DnsType::aaaa;
  hostent* host = nullptr;
  const int status = v6 ? ares_parse_aaaa_reply(answer, length, &host, nullptr, nullptr)
                        : ares_parse_a_reply(answer, length, &host, nullptr, nullptr);
  for (char** address = host ? host->h_addr_list : nullptr; address && *address && out.size() < kMostAddresses;
       ++address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_ntop(v6 ? AF_INET6 : AF_INET, *address, text.data(), text.size()))
      out.insert(joined(text.data(), wanted.port));
  }
  if (host) ares_free_hostent(host);
  return status;
}

} // namespace

struct DnsLookup::Impl {
  struct Query {
    Impl& lookup;
    std::string name;
  };

  Impl(EventLoop& l, const config::DnsDiscovery& w, std::function<void(Answers)> d)
      : loop(l), wanted(w), done(std::move(d)) {
    static const int library = ares_library_init(ARES_LIB_INIT_ALL);
    ares_options options{};
    options.timeout = kTryFor;
    options.tries = kTries;
    options.sock_state_cb = &Impl::on_socket;
    options.sock_state_cb_data = this;
    int status = library;
    if (status == ARES_SUCCESS)
      status = ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status == ARES_SUCCESS && !wanted.server.empty())
      status = ares_set_servers_ports_csv(channel, wanted.server.c_str());
    if (status != ARES_SUCCESS) {
      fail_all(std::string("the resolver cannot be used: ") + ares_strerror(status));
      return;
    }
    tick = loop.add_timer([this] { drive(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
    deadline = loop.add_timer(
        [this] { fail_all("no answer within " + std::to_string(kLongest / std::chrono::seconds(1)) + " s"); });
    deadline->arm(loop.fresh_now() + kLongest);
    for (const std::string& name : wanted.names) queries.push_back(std::make_unique<Query>(Query{*this, name}));
    for (const auto& query : queries)
      ares_search(channel, query->name.c_str(), ns_c_in, record_type(wanted.type), &Impl::on_answer, query.get());
    next_tick();
  }
  ~Impl() {
    closing = true;
    if (channel) ares_destroy(channel);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  static void on_socket(void* data, ares_socket_t fd, int readable, int writable) noexcept {
    auto& self = *static_cast<Impl*>(data);
    self.loop.barrier().run([&] { self.watch(fd, readable != 0, writable != 0); });
  }
  static void on_answer(void* data, int status, int, unsigned char* answer, int length) noexcept {
    auto& query = *static_cast<Query*>(data);
    query.lookup.loop.barrier().run([&] { query.lookup.take(query.name, status, answer, length); });
  }

  void watch(ares_socket_t fd, bool readable, bool writable) {
    if (!readable && !writable) {
      sockets.erase(fd);
      return;
    }
    const std::uint32_t events = (readable ? std::uint32_t{EPOLLIN} : 0U) | (writable ? std::uint32_t{EPOLLOUT} : 0U);
    std::unique_ptr<EventLoop::Io>& io = sockets[fd];
    if (io)
      io->set_events(events);
    else
      io = loop.add_io(fd, events, [this, fd](std::uint32_t came) {
        drive((came & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 ? fd : ARES_SOCKET_BAD,
              (came & (EPOLLOUT | EPOLLERR)) != 0 ? fd : ARES_SOCKET_BAD);
      });
  }

  void drive(ares_socket_t readable, ares_socket_t writable) {
    ares_process_fd(channel, readable, writable);
    next_tick();
  }
  void next_tick() {
    timeval left{};
    const timeval* next = finished ? nullptr : ares_timeout(channel, nullptr, &left); // null: nothing is asked
    if (next)
      tick->arm(loop.fresh_now() + std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec));
    else
      tick->disarm();
  }

  void take(const std::string& name, int status, const unsigned char* answer, int length) {
    if (closing) return;
    std::set<std::string> found;
    if (status == ARES_SUCCESS) status = read_answer(answer, length, wanted, found);
    if (status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA)
      answers.emplace(name, std::vector<std::string>(found.begin(), found.end()));
    else
      answers.emplace(name, fail(status == ARES_ETIMEOUT ? Errc::timeout : Errc::io,
                                 "cannot look up " + name + ": " + ares_strerror(status)));
    if (answers.size() == std::set<std::string>(wanted.names.begin(), wanted.names.end()).size()) finish();
  }
  void fail_all(const std::string& why) {
    for (const std::string& name : wanted.names)
      answers.emplace(name, fail(Errc::io, "cannot look up " + name + ": " + why));
    finish();
  }
  /// From the loop, as c-ares is in the middle of something.
  void finish() {
    if (std::exchange(finished, true)) return;
    if (deadline) deadline->disarm();
    tell = loop.add_timer([this] {
      const std::function<void(Answers)> told = std::move(done);
      told(std::move(answers)); // `this` may be gone after it
    });
    tell->arm(loop.fresh_now());
  }

  EventLoop& loop;
  const config::DnsDiscovery wanted;
  std::function<void(Answers)> done;
  ares_channel channel = nullptr;
  std::vector<std::unique_ptr<Query>> queries;
  std::unordered_map<ares_socket_t, std::unique_ptr<EventLoop::Io>> sockets;
  std::unique_ptr<EventLoop::Timer> tick, deadline, tell;
  Answers answers;
  bool finished = false;
  bool closing = false;
};

DnsLookup::DnsLookup(EventLoop& loop, const config::DnsDiscovery& wanted, std::function<void(Answers)> done)
    : impl_(std::make_unique<Impl>(loop, wanted, std::move(done))) {}
DnsLookup::~DnsLookup() = default;

} // namespace backstop
