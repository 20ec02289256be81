#include "daemon/io/local_connection.hpp"
#include "daemon/io/exchange_words.hpp"
#include "daemon/io/os_error.hpp"
#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace backstop {

LocalConnection::LocalConnection(EventLoop& loop, AnswersUnderWay& under_way, std::span<char> buffer, OnEnd on_end)
    : loop_(loop), under_way_(under_way), buffer_(buffer), on_end_(std::move(on_end)) {}

LocalConnection::~LocalConnection() {
  io_.reset();
  if (fd_ >= 0) ::close(fd_);
}

void LocalConnection::begin(LocalRequest local, const HttpRequest& request, HttpFetcher::Id exchange) {
  local_ = std::move(local);
  request_ = &request;
  exchange_ = exchange;
  answer_.emplace(under_way_, request.max_bytes);
  sent_ = 0;
  served_ = 0;
  kept_ = io_ != nullptr;
  if (kept_) {
    phase_ = Phase::asking;
    return send();
  }
  untried_ = local_.addresses();
  std::reverse(untried_.begin(), untried_.end());
  connect_next();
}

void LocalConnection::connect_next() {
  while (!untried_.empty()) {
    const LocalRequest::Address address = untried_.back();
    untried_.pop_back();
    io_.reset();
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::socket(address.of.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) {
      error_ = no_connection(*request_, errno, true);
      continue;
    }
    const bool connected = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address.of), address.size) == 0;
    if (!connected && errno != EINPROGRESS) {
      error_ = no_connection(*request_, errno);
      continue;
    }
    phase_ = connected ? Phase::asking : Phase::connecting;
    io_ = loop_.add_io(fd_, connected ? EPOLLIN : EPOLLOUT, [this](std::uint32_t revents) { on_ready(revents); });
    if (connected) send();
    return;
  }
  io_.reset();
  end(End::failed);
}

void LocalConnection::on_ready(std::uint32_t revents) {
  if (phase_ == Phase::connecting) {
    int number = 0;
    socklen_t size = sizeof number;
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &number, &size) != 0) number = errno;
    if (number != 0) {
      error_ = no_connection(*request_, number);
      return connect_next();
    }
    phase_ = Phase::asking;
    io_->set_events(EPOLLIN);
    return send();
  }
  if (waits_to_send_ && (revents & EPOLLOUT) != 0) return send();
  receive();
}

void LocalConnection::send() {
  const std::string& text = local_.text;
  const ssize_t n = ::send(fd_, text.data() + sent_, text.size() - sent_, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) return receive(); // what it said before it left, or that it left
  sent_ += static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  const bool waits = sent_ < text.size();
  if (std::exchange(waits_to_send_, waits) != waits) io_->set_events(waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void LocalConnection::receive() {
  const ssize_t n = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (phase_ != Phase::asking) {
    io_.reset(); // it must not be used again
    return phase_ == Phase::resting ? on_end_(*this, End::gone) : void();
  }
  if (n <= 0) return lost(n < 0 ? errno : 0);
  // A larger answer is read on when nothing else is to be done.
  if (++served_ == static_cast<int>(AnswersUnderWay::small / buffer_.size())) io_->set_priority(EventLoop::kIdle);
  switch (answer_->read({buffer_.data(), static_cast<std::size_t>(n)})) {
  case PlainAnswer::State::more: return;
  case PlainAnswer::State::whole: return end(End::whole);
  case PlainAnswer::State::foreign: return end(End::foreign);
  case PlainAnswer::State::broken: return fail_with(answer_->fault());
  }
}

/// 0: the server closed it in good order.
void LocalConnection::lost(int number) {
  io_.reset();
  if (kept_ && !answer_->began()) return end(End::stale);
  if (number != 0) return fail_with(fail(Errc::io, broke_off(errno_text(number))));
  if (answer_->end() == PlainAnswer::State::whole) return end(End::whole);
  fail_with(answer_->fault());
}

void LocalConnection::fail_with(Error error) {
  error_ = exchange_error(*request_, error.code, error.what);
  end(End::failed);
}

void LocalConnection::end(End how) {
  phase_ = Phase::ended;
  if (std::exchange(waits_to_send_, false)) io_.reset(); // an answer to half of a request: the rest must not follow
  on_end_(*this, how);
}

Error LocalConnection::timed_out() const {
  const Duration within = request_->timeout;
  const auto error = [&](const std::string& why) { return exchange_error(*request_, Errc::timeout, why); };
  if (phase_ == Phase::connecting) return error(no_connection_within(within));
  return error(answer_->began() ? not_complete_within(within, received()) : no_answer_within(within));
}

void LocalConnection::rest() {
  phase_ = Phase::resting;
  answer_.reset();
  request_ = nullptr;
  if (served_ >= static_cast<int>(AnswersUnderWay::small / buffer_.size())) io_->set_priority(EventLoop::kNormal);
}

} // namespace backstop
