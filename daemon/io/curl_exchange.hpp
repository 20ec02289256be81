#pragma once
#include "collectors/http_fetcher.hpp"
#include "daemon/io/answer_blocks.hpp"
#include "daemon/io/barrier.hpp"
#include <array>
#include <curl/curl.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace backstop {

/// One HTTP exchange on one libcurl easy handle: sets every option, bounds what is received, words the outcome. Who
/// drives the handle (a multi handle, curl_easy_perform) is not its business.
class CurlExchange {
public:
  /// What is read from a socket at once: most answers, so that the loop turns once for them. The memory is taken while the
  /// exchange lasts, and only the pages of it that are written to.
  static constexpr std::size_t kReadAtOnce = std::size_t{64} << 10;

  /// `under_way` is shared by the exchanges of one fetcher, and outlives them; null: only this one is bounded.
  CurlExchange(HttpRequest request, Barrier& barrier, AnswersUnderWay* under_way = nullptr);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  /// To be called once before the handle is driven. Errc::invalid: this request cannot be made.
  Status prepare();
  [[nodiscard]] CURL* easy() const { return easy_.get(); }
  /// Bytes of the answer's body so far.
  [[nodiscard]] std::size_t received() const { return body_.size(); }
  /// What came of it, given how libcurl ended the transfer. Moves the answer out.
  Result<HttpResponse> outcome(CURLcode code);

private:
  struct Free {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  template <class T> void set(CURLoption option, T value);
  Status add_headers(bool loopback);
  Status add_header(const std::string& name, const std::string& value);
  void append(const std::string& line);
  void set_method();
  void set_transport();
  void set_identity();
  void set_callbacks();
  void set_own_connection();
  static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address) noexcept;
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) noexcept;
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) noexcept;
  [[nodiscard]] Error failed(Errc code, const std::string& why) const;
  [[nodiscard]] Error explain(CURLcode code) const;
  [[nodiscard]] Error timed_out() const;
  [[nodiscard]] Error not_connected(const std::string& detail) const;
  [[nodiscard]] std::optional<Duration> certificate_left() const;

  HttpRequest request_;
  Barrier& barrier_;
  std::unique_ptr<CURL, Free> easy_;
  std::unique_ptr<curl_slist, Free> headers_;
  CURLcode setup_ = CURLE_OK; ///< of the first option that could not be set
  std::array<char, CURL_ERROR_SIZE> detail_{};
  AnswerBody body_;
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  int no_socket_ = 0; ///< errno where no socket could be had
  bool body_too_large_ = false;
  bool all_too_large_ = false; ///< with those of the others
  bool headers_too_large_ = false;
};

} // namespace backstop
