#pragma once
#include "daemon/io/barrier.hpp"
#include "daemon/mail_sender.hpp"
#include <array>
#include <curl/curl.h>
#include <memory>
#include <string>

namespace backstop {

/// One mail on one libcurl easy handle: sets every option, hands the message over, words the outcome. Who drives the
/// handle is not its business.
class CurlMail {
public:
  CurlMail(Mail mail, Barrier& barrier);
  CurlMail(const CurlMail&) = delete;
  CurlMail& operator=(const CurlMail&) = delete;

  /// To be called once before the handle is driven. Errc::invalid: this mail cannot be sent.
  Status prepare();
  [[nodiscard]] CURL* easy() const { return easy_.get(); }
  /// What came of it, given how libcurl ended the transfer.
  Result<MailAnswer> outcome(CURLcode code) const;

private:
  struct Free {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  template <class T> void set(CURLoption option, T value);
  void set_callbacks();
  static std::size_t on_read(char* room, std::size_t, std::size_t size, void* self) noexcept;
  static std::size_t on_reply(char* data, std::size_t, std::size_t size, void* self) noexcept;
  static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address) noexcept;
  static int on_debug(CURL*, curl_infotype type, char* data, std::size_t size, void* self) noexcept;
  [[nodiscard]] Error failed(Errc code, const std::string& why) const;
  [[nodiscard]] Error explain(CURLcode code) const;

  Mail mail_;
  Barrier& barrier_;
  std::unique_ptr<CURL, Free> easy_;
  std::unique_ptr<curl_slist, Free> to_;
  CURLcode setup_ = CURLE_OK; ///< of the first option that could not be set
  std::array<char, CURL_ERROR_SIZE> detail_{};
  std::size_t given_ = 0; ///< bytes of the message that libcurl has taken
  std::string reply_;     ///< the server's last line
  int fd_ = -1;           ///< libcurl's
  bool quitting_ = false; ///< what the server says from now on is of no interest
};

} // namespace backstop
