#include "daemon/io/name_lookup.hpp"
#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace backstop {

bool is_numeric_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 || inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

/// Owned by the lookup and by glibc, whoever lets go last.
struct NameLookup::Request {
  explicit Request(std::vector<std::string> wanted) : names(std::move(wanted)), entries(names.size()) {
    if (done < 0) throw std::system_error(errno, std::generic_category(), "cannot make an eventfd");
    hints.ai_socktype = SOCK_STREAM;
    for (std::size_t i = 0; i < names.size(); ++i) {
      entries[i].ar_name = names[i].c_str();
      entries[i].ar_request = &hints;
      list.push_back(&entries[i]);
    }
  }
  ~Request() {
    for (gaicb& entry : entries)
      if (entry.ar_result) freeaddrinfo(entry.ar_result);
    if (done >= 0) close(done);
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  Result<std::vector<std::string>> answer(std::size_t i) {
    if (const int error = refused != 0 ? refused : gai_error(list[i]); error != 0) {
      const bool unknown = error == EAI_NONAME || error == EAI_NODATA;
      return fail(unknown ? Errc::not_found : Errc::io, "cannot resolve " + names[i] + ": " + gai_strerror(error));
    }
    std::vector<std::string> addresses;
    for (const addrinfo* a = entries[i].ar_result; a; a = a->ai_next) {
      char text[NI_MAXHOST];
      if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
        addresses.emplace_back(text);
    }
    if (addresses.empty()) return fail(Errc::not_found, "cannot resolve " + names[i] + ": it has no address");
    return addresses;
  }

  std::vector<std::string> names;
  addrinfo hints{};
  std::vector<gaicb> entries;
  std::vector<gaicb*> list;
  int done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int refused = 0; ///< the lookup was never begun: why
};

NameLookup::NameLookup(EventLoop& loop, const std::vector<std::string>& names, std::function<void(Answers)> done)
    : request_(std::make_shared<Request>(names)) {
  io_ = loop.add_io(request_->done, EPOLLIN, [this, done = std::move(done)](std::uint32_t) {
    io_->set_events(0);
    const auto request = request_;
    Answers answers;
    for (std::size_t i = 0; i < request->names.size(); ++i) answers.emplace(request->names[i], request->answer(i));
    done(std::move(answers)); // `this` may be gone after it
  });

  sigevent notify{};
  notify.sigev_notify = SIGEV_THREAD;
  notify.sigev_notify_function = [](sigval value) noexcept { // on a thread of glibc's
    const std::unique_ptr<std::shared_ptr<Request>> request(static_cast<std::shared_ptr<Request>*>(value.sival_ptr));
    eventfd_write((*request)->done, 1);
  };
  auto* for_glibc = new std::shared_ptr<Request>(request_);
  notify.sigev_value.sival_ptr = for_glibc;
  request_->refused =
      getaddrinfo_a(GAI_NOWAIT, request_->list.data(), static_cast<int>(request_->list.size()), &notify);
  // glibc is out of memory or threads, and may or may not call back later: its share is left to it.
  if (request_->refused != 0) eventfd_write(request_->done, 1);
}

NameLookup::~NameLookup() = default;

} // namespace backstop
