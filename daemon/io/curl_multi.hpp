#pragma once
#include "daemon/io/event_loop.hpp"
#include <cstddef>
#include <curl/curl.h>
#include <functional>
#include <memory>

namespace backstop {

/// A libcurl multi handle on the loop: its sockets and its timer. What is transferred is its owner's business.
class CurlMulti {
public:
  using OnEnded = std::function<void(CURL* easy, CURLcode code)>;

  /// `on_ended` is called from the loop, with the easy handle taken out already; it may destroy the CurlMulti. A socket that
  /// was served `served_soon` times for one transfer is served when nothing else is to be done; 0: never so. The loop must
  /// outlive it. Throws std::runtime_error where libcurl cannot be had.
  CurlMulti(EventLoop& loop, OnEnded on_ended, int served_soon = 0);
  ~CurlMulti(); ///< all easy handles must have been taken out
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  /// Begins at the next turn of the loop.
  void add(CURL* easy);
  /// Begins at once: what it sends first is sent before the loop turns. What ends by it is told from the loop.
  void add_and_begin(CURL* easy);
  /// Gives a transfer up: its end is not told. One that ended or was never added is ignored.
  void remove(CURL* easy);
  /// So many idle connections at most are kept for later transfers.
  void keep_connections(std::size_t most);

private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

} // namespace backstop
