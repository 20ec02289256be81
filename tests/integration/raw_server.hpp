#pragma once
#include <arpa/inet.h>
#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace backstop {

/// A server that does to its clients what the test says: each connection is handed to a script on a thread of its own.
class RawServer {
public:
  class Connection {
  public:
    Connection(int fd, int stop) : fd_(fd), stop_(stop) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { close(fd_); }

    /// Head and body of the next request; nothing once the client or the test is gone.
    std::optional<std::string> read_request() {
      for (;;) {
        const std::size_t head = input_.find("\r\n\r\n");
        if (head != std::string::npos && input_.size() >= head + 4 + body_length(head)) {
          const std::size_t size = head + 4 + body_length(head);
          std::string request = input_.substr(0, size);
          input_.erase(0, size);
          return request;
        }
        if (!wait(-1)) return std::nullopt;
        char buffer[65536];
        const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
        if (got <= 0) return std::nullopt;
        input_.append(buffer, static_cast<std::size_t>(got));
      }
    }
    /// What comes next, of whatever protocol; empty once the client or the test is gone.
    std::string read_some() {
      char buffer[65536];
      if (!wait(-1)) return "";
      const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
      return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : "";
    }
    /// False once the client or the test is gone.
    bool send(std::string_view data) {
      while (!data.empty()) {
        pollfd fds[] = {{fd_, POLLOUT, 0}, {stop_, POLLIN, 0}};
        if (poll(fds, 2, -1) <= 0 || fds[1].revents != 0) return false;
        const ssize_t sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) return false;
        data.remove_prefix(static_cast<std::size_t>(sent));
      }
      return true;
    }
    /// Lets `ms` pass (-1: for ever) unless the client sends something or leaves, or the test ends. False: the test ended.
    bool wait(int ms) {
      pollfd fds[] = {{fd_, POLLIN, 0}, {stop_, POLLIN, 0}};
      return poll(fds, 2, ms) >= 0 && fds[1].revents == 0;
    }
    /// Does nothing until the client has gone.
    void hold() {
      char byte = 0;
      while (wait(-1) && recv(fd_, &byte, 1, 0) > 0) {
      }
    }

  private:
    [[nodiscard]] std::size_t body_length(std::size_t head) const {
      const std::size_t at = input_.find("Content-Length: ");
      return at < head ? std::stoul(input_.substr(at + 16)) : 0;
    }
    int fd_;
    int stop_;
    std::string input_;
  };
  using Script = std::function<void(Connection&)>;

  /// `port` 0: any that is free. Throws where it cannot be had.
  explicit RawServer(Script script, int port = 0) : script_(std::move(script)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listen_on(reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  RawServer(const std::string& unix_path, Script script) : script_(std::move(script)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, unix_path.c_str(), sizeof address.sun_path - 1);
    listen_on(reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer() {
    eventfd_write(stop_, 1);
    acceptor_.join();
    for (std::thread& t : threads_) t.join();
    close(listener_);
    close(stop_);
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& path = "/", const std::string& scheme = "http") const {
    return scheme + "://127.0.0.1:" + std::to_string(port_) + path;
  }
  [[nodiscard]] int connections() const { return connections_; }

private:
  void listen_on(const sockaddr* address, socklen_t size) {
    listener_ = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int again = 1; // a server that comes back finds connections of the one before in TIME_WAIT
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
    if (listener_ < 0 || bind(listener_, address, size) != 0 || listen(listener_, 64) != 0)
      throw std::runtime_error(std::string("test server: ") + std::strerror(errno));
    acceptor_ = std::thread([this] { accept_all(); });
  }
  void accept_all() {
    for (;;) {
      pollfd fds[] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
      if (poll(fds, 2, -1) < 0 || fds[1].revents != 0) return;
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++connections_;
      threads_.emplace_back([this, fd] {
        Connection connection(fd, stop_);
        script_(connection);
      });
    }
  }

  Script script_;
  int listener_ = -1;
  int stop_ = eventfd(0, EFD_CLOEXEC);
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

/// A whole HTTP answer as text.
inline std::string http_answer(int status, std::string_view body,
                               std::string_view headers = "Content-Type: text/plain\r\n") {
  return "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

} // namespace backstop
