#pragma once
#include "tests/fakes/temporary_directory.hpp"
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>
#include <variant>
#include <vector>

namespace backstop {

/// A message bus of the test's own (dbus-daemon), in a temporary directory. Ended by pid.
class PrivateBus {
public:
  static bool possible() { return ::access("/usr/bin/dbus-daemon", X_OK) == 0; }
  ~PrivateBus() { stop(); }

  [[nodiscard]] std::string socket() const { return directory_.path() + "/bus"; }
  [[nodiscard]] std::string address() const { return "unix:path=" + socket(); }
  /// Comes back when it takes connections.
  void start() {
    const std::string config = directory_.path() + "/bus.conf";
    std::ofstream(config) << "<busconfig><listen>" << address()
                          << "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/>"
                             "<allow own=\"*\"/><allow send_destination=\"*\"/><allow receive_sender=\"*\"/>"
                             "</policy></busconfig>";
    int ready[2];
    if (::pipe(ready) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ready[0]);
      ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO); // it warns of limits that it cannot raise
      const std::string file = "--config-file=" + config, print = "--print-address=" + std::to_string(ready[1]);
      ::execl("/usr/bin/dbus-daemon", "dbus-daemon", file.c_str(), print.c_str(), "--nofork", "--nopidfile", nullptr);
      ::_exit(127);
    }
    ::close(ready[1]);
    char first = 0;
    const bool told = ::read(ready[0], &first, 1) == 1; // it prints once it listens
    ::close(ready[0]);
    if (!told) throw std::runtime_error("dbus-daemon does not start");
  }
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::unlink(socket().c_str());
    pid_ = -1;
  }

private:
  TemporaryDirectory directory_;
  pid_t pid_ = -1;
};

/// A made-up service manager on that bus, with one unit whose properties the test sets. Runs on the loop of the test.
class FakeSystemd {
public:
  using Value = std::variant<std::string, std::uint32_t, std::vector<std::uint8_t>>;
  using Properties = std::map<std::string, Value>;

  FakeSystemd(sd_event* loop, const std::string& address, std::string path) : path_(std::move(path)) {
    check(sd_bus_new(&bus_));
    check(sd_bus_set_address(bus_, address.c_str()));
    check(sd_bus_set_bus_client(bus_, 1));
    check(sd_bus_start(bus_));
    check(sd_bus_request_name(bus_, "org.freedesktop.systemd1", 0));
    check(sd_bus_add_filter(bus_, nullptr, &FakeSystemd::on_message, this));
    check(sd_bus_attach_event(bus_, loop, 0));
  }
  ~FakeSystemd() { sd_bus_close_unref(bus_); }
  FakeSystemd(const FakeSystemd&) = delete;
  FakeSystemd& operator=(const FakeSystemd&) = delete;

  Properties unit, service; ///< what is answered, by interface
  bool silent = false;      ///< takes questions and answers none
  int asked = 0, subscribed = 0;

  /// Both signals of a change, in systemd's order.
  void tell() {
    tell_of("org.freedesktop.systemd1.Service", service);
    tell_of("org.freedesktop.systemd1.Unit", unit);
  }
  void tell_of(const char* interface, const Properties& properties) {
    sd_bus_message* m = nullptr;
    check(sd_bus_message_new_signal(bus_, &m, path_.c_str(), kProperties, "PropertiesChanged"));
    check(sd_bus_message_append(m, "s", interface));
    append(m, {properties});
    check(sd_bus_message_append(m, "as", 0));
    check(sd_bus_send(bus_, m, nullptr));
    sd_bus_message_unref(m);
  }

private:
  static constexpr const char* kProperties = "org.freedesktop.DBus.Properties";
  static void check(int r) {
    if (r < 0) throw std::runtime_error("the fake systemd's bus: error " + std::to_string(-r));
  }
  static void append(sd_bus_message* m, const std::vector<Properties>& all) {
    check(sd_bus_message_open_container(m, 'a', "{sv}"));
    for (const Properties& properties : all) {
      for (const auto& [name, value] : properties) {
        check(sd_bus_message_open_container(m, 'e', "sv"));
        check(sd_bus_message_append(m, "s", name.c_str()));
        if (const auto* text = std::get_if<std::string>(&value)) {
          check(sd_bus_message_append(m, "v", "s", text->c_str()));
        } else if (const auto* number = std::get_if<std::uint32_t>(&value)) {
          check(sd_bus_message_append(m, "v", "u", *number));
        } else {
          const auto& bytes = std::get<std::vector<std::uint8_t>>(value);
          check(sd_bus_message_open_container(m, 'v', "ay"));
          check(sd_bus_message_append_array(m, 'y', bytes.data(), bytes.size()));
          check(sd_bus_message_close_container(m));
        }
        check(sd_bus_message_close_container(m));
      }
    }
    check(sd_bus_message_close_container(m));
  }
  static int on_message(sd_bus_message* m, void* self, sd_bus_error*) {
    auto& fake = *static_cast<FakeSystemd*>(self);
    if (sd_bus_message_is_method_call(m, nullptr, "Subscribe") > 0) ++fake.subscribed;
    if (sd_bus_message_is_method_call(m, kProperties, "GetAll") <= 0) return 0;
    ++fake.asked;
    if (fake.silent) return 1;
    sd_bus_message* reply = nullptr;
    check(sd_bus_message_new_method_return(m, &reply));
    append(reply, {fake.unit, fake.service});
    check(sd_bus_send(fake.bus_, reply, nullptr));
    sd_bus_message_unref(reply);
    return 1;
  }

  std::string path_;
  sd_bus* bus_ = nullptr;
};

} // namespace backstop
