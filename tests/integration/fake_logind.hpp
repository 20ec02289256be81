#pragma once
#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>
#include <vector>

namespace backstop {

/// A made-up logind on a bus of the test's own: gives locks, which it sees let go of, and tells of shutdowns. Runs on
/// the loop of the test.
class FakeLogind {
public:
  FakeLogind(sd_event* loop, const std::string& address) {
    check(sd_bus_new(&bus_));
    check(sd_bus_set_address(bus_, address.c_str()));
    check(sd_bus_set_bus_client(bus_, 1));
    check(sd_bus_negotiate_fds(bus_, 1));
    check(sd_bus_start(bus_));
    check(sd_bus_request_name(bus_, "org.freedesktop.login1", 0));
    check(sd_bus_add_filter(bus_, nullptr, &FakeLogind::on_message, this));
    check(sd_bus_attach_event(bus_, loop, 0));
  }
  ~FakeLogind() {
    for (const int fd : locks_) ::close(fd);
    sd_bus_close_unref(bus_);
  }
  FakeLogind(const FakeLogind&) = delete;
  FakeLogind& operator=(const FakeLogind&) = delete;

  bool coming = false;            ///< what is answered to who asks
  std::string refuses;            ///< name of the error that a wish for a lock gets; empty: it is given
  std::vector<std::string> asked; ///< "what/who/why/mode" of each wish

  void tell(bool is_coming) {
    coming = is_coming;
    check(sd_bus_emit_signal(bus_, "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForShutdown",
                             "b", is_coming ? 1 : 0));
  }
  /// How many of the locks given nobody has let go of.
  [[nodiscard]] int locks() const {
    int n = 0;
    for (const int fd : locks_) {
      char byte = 0;
      n += ::read(fd, &byte, 1) < 0; // EAGAIN: the other end is open
    }
    return n;
  }

private:
  static void check(int r) {
    if (r < 0) throw std::runtime_error("the fake logind's bus: error " + std::to_string(-r));
  }
  static int on_message(sd_bus_message* m, void* self, sd_bus_error*) {
    auto& fake = *static_cast<FakeLogind*>(self);
    if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "Get") > 0) {
      check(sd_bus_reply_method_return(m, "v", "b", fake.coming ? 1 : 0));
      return 1;
    }
    if (sd_bus_message_is_method_call(m, "org.freedesktop.login1.Manager", "Inhibit") <= 0) return 0;
    const char *what = nullptr, *who = nullptr, *why = nullptr, *mode = nullptr;
    check(sd_bus_message_read(m, "ssss", &what, &who, &why, &mode));
    fake.asked.push_back(std::string(what) + "/" + who + "/" + why + "/" + mode);
    if (!fake.refuses.empty()) {
      check(sd_bus_reply_method_errorf(m, fake.refuses.c_str(), "refused by the test"));
      return 1;
    }
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC | O_NONBLOCK));
    check(sd_bus_reply_method_return(m, "h", ends[1]));
    ::close(ends[1]); // the reply has its own
    check(sd_bus_flush(fake.bus_));
    fake.locks_.push_back(ends[0]);
    return 1;
  }

  sd_bus* bus_ = nullptr;
  std::vector<int> locks_;
};

} // namespace backstop
