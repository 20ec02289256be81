#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <microhttpd.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace backstop {

/// An https server with a certificate of the test's own, for 127.0.0.1, that lasts two days. It answers "by tls".
class TlsServer {
public:
  TlsServer() : dir_(std::filesystem::path(testing::TempDir()) / ("backstop-tls-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(dir_);
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test "
        "-addext subjectAltName=IP:127.0.0.1 -keyout " +
        path("key.pem") + " -out " + path("cert.pem") + " 2>/dev/null";
    if (std::system(command.c_str()) != 0)
      throw std::runtime_error("the openssl program is needed to make a certificate");
    key_ = read("key.pem");
    cert_ = read("cert.pem");
    daemon_ = MHD_start_daemon(MHD_USE_TLS | MHD_USE_INTERNAL_POLLING_THREAD, 0, nullptr, nullptr, &answer, nullptr,
                               MHD_OPTION_HTTPS_MEM_KEY, key_.c_str(), MHD_OPTION_HTTPS_MEM_CERT, cert_.c_str(),
                               MHD_OPTION_END);
    if (!daemon_) throw std::runtime_error("cannot start a TLS server");
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  ~TlsServer() {
    MHD_stop_daemon(daemon_);
    std::filesystem::remove_all(dir_);
  }
  [[nodiscard]] std::string path(const char* name) const { return (dir_ / name).string(); }
  [[nodiscard]] std::string url(const std::string& host) const {
    return "https://" + host + ":" + std::to_string(MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT)->port) +
           "/";
  }

private:
  static MHD_Result answer(void*, MHD_Connection* c, const char*, const char*, const char*, const char*, std::size_t*,
                           void**) {
    static char body[] = "by tls";
    MHD_Response* r = MHD_create_response_from_buffer(6, body, MHD_RESPMEM_PERSISTENT);
    const MHD_Result queued = MHD_queue_response(c, 200, r);
    MHD_destroy_response(r);
    return queued;
  }
  [[nodiscard]] std::string read(const char* name) const {
    std::stringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }
  std::filesystem::path dir_;
  std::string key_;
  std::string cert_;
  MHD_Daemon* daemon_ = nullptr;
};

} // namespace backstop
