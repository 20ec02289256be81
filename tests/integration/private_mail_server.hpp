#pragma once
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/free_port.hpp"
#include "tests/integration/raw_client.hpp"
#include "tests/integration/server_process.hpp"
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

namespace backstop {

/// A real mail server (Exim) of the test's own on a port of 127.0.0.1, with a certificate of its own. It takes mail for
/// example.org, but for nobody called "refused", and over TLS a login as backstop with "sesame"; all of it goes to one
/// mailbox file. Nothing of the host's own mail is touched. Gone at the end.
class PrivateMailServer {
public:
  static bool possible() { return access("/usr/sbin/exim4", X_OK) == 0; }

  PrivateMailServer() : port_(free_port()) {
    const std::string certificate =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test "
        "-addext subjectAltName=IP:127.0.0.1 -keyout " +
        at("key.pem") + " -out " + ca_file() + " 2>/dev/null";
    if (std::system(certificate.c_str()) != 0) throw std::runtime_error("no certificate (openssl)");
    std::ofstream(at("conf")) << configuration();
    const std::string own = "mkdir " + at("spool") + " && chmod 755 " + folder_.path() +
                            (geteuid() == 0 ? " && chown -R mail:mail " + folder_.path() : "");
    if (std::system(own.c_str()) != 0) throw std::runtime_error("chown failed");
    process_.start("mail", "/usr/sbin/exim4 -C " + at("conf") + " -bdf", at("out"));
    for (int i = 0; i < 300 && !answers(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (!answers())
      throw std::runtime_error("Exim did not start: " + text_of(at("out")) + text_of(at("spool/mainlog")));
  }

  [[nodiscard]] std::string place() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::string ca_file() const { return at("cert.pem"); }
  /// All mail that came, as it stands in the mailbox.
  [[nodiscard]] std::string mailbox() const { return text_of(at("mailbox")); }
  [[nodiscard]] std::string log() const { return text_of(at("spool/mainlog")); }

private:
  [[nodiscard]] std::string at(const std::string& name) const { return folder_.path() + "/" + name; }
  static std::string text_of(const std::string& path) {
    std::ifstream in(path);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  [[nodiscard]] bool answers() const try {
    RawClient client(port_);
    return client.wait_for("220 ", 1000);
  } catch (const std::runtime_error&) { // nobody listens yet
    return false;
  }
  [[nodiscard]] std::string configuration() const {
    const std::string user = geteuid() == 0 ? "mail" : std::to_string(geteuid());
    const std::string group = geteuid() == 0 ? "mail" : std::to_string(getegid());
    return "exim_user = " + user + "\nexim_group = " + group + "\nspool_directory = " + at("spool") +
           "\nlog_file_path = " + at("spool") + "/%slog\npid_file_path = " + at("pid") +
           "\nnotifier_socket =\nlocal_interfaces = 127.0.0.1\n" + "daemon_smtp_ports = " + std::to_string(port_) + R"(
primary_hostname = mail.test
domainlist local_domains = example.org
acl_smtp_rcpt = recipient
acl_smtp_data = take
acl_smtp_auth = take
tls_advertise_hosts = *
tls_certificate = )" +
           ca_file() + "\ntls_privatekey = " + at("key.pem") + R"(
auth_advertise_hosts = ${if def:tls_in_cipher {*}{}}
deliver_drop_privilege = true
never_users =
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
begin acl
take:
  accept
recipient:
  deny message = nobody of that name
       local_parts = refused
  accept domains = +local_domains
  deny
begin routers
all:
  driver = accept
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  file = )" +
           at("mailbox") + "\n  user = " + user + "\n  group = " + group + R"(
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{backstop}}{eq{$auth3}{sesame}}}}
  server_set_id = $auth2
)";
  }

  TemporaryDirectory folder_;
  int port_;
  ServerProcess process_; ///< ended before its folder goes
};

} // namespace backstop
