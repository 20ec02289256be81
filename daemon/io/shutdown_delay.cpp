#include "daemon/io/shutdown_delay.hpp"
#include "daemon/io/system_bus.hpp"
#include "daemon/step/fd.hpp"
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <utility>

namespace backstop {
namespace {

constexpr const char* kLogind = "org.freedesktop.login1";
constexpr const char* kPath = "/org/freedesktop/login1";
constexpr const char* kManager = "org.freedesktop.login1.Manager";

using system_bus::Message;
using system_bus::owned;
using system_bus::Slot;

/// There is no logind, as in a container: nothing to tell anybody of.
bool no_logind(const sd_bus_error* error) {
  for (const char* name : {SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER, SD_BUS_ERROR_DISCONNECTED,
                           SD_BUS_ERROR_NO_REPLY}) {
    if (sd_bus_error_has_name(error, name)) return true;
  }
  return false;
}

} // namespace

class ShutdownDelay::Connection {
public:
  Connection(EventLoop& loop, Log& log, Told told, std::string address)
      : loop_(loop), log_(log), told_(std::move(told)),
        address_(address.empty() ? system_bus::usual_address() : std::move(address)),
        retry_(loop.add_timer([this] { open(); }, EventLoop::kIdle)) {
    open();
  }
  ~Connection() { drop(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void want(const std::string& why) {
    const bool begins = wanted_.empty() && !why.empty();
    wanted_ = why;
    if (why.empty()) {
      asked_.reset();
      lock_ = {};
    } else if (begins) {
      ask();
    }
  }
  [[nodiscard]] bool held() const { return static_cast<bool>(lock_); }

private:
  void open();
  void drop();
  int ask_for_lock();
  int ask_whether_coming();
  void ask() {
    if (bus_ && !lock_ && !asked_) ask_for_lock();
  }
  void take_lock(sd_bus_message* m);
  void take_news(sd_bus_message* m, bool in_variant);

  template <void (Connection::*take)(sd_bus_message*)>
  static int on_message(sd_bus_message* m, void* self, sd_bus_error*) noexcept {
    auto& connection = *static_cast<Connection*>(self);
    connection.loop_.barrier().run([&] { (connection.*take)(m); });
    return 0;
  }
  void on_signal(sd_bus_message* m) { take_news(m, false); }
  void on_property(sd_bus_message* m) {
    coming_asked_.reset();
    if (sd_bus_message_is_method_error(m, nullptr) <= 0) take_news(m, true);
  }
  void on_disconnected(sd_bus_message*) {
    drop();
    retry_->arm(loop_.now() + kRetry);
  }

  EventLoop& loop_;
  Log& log_;
  Told told_;
  std::string address_;
  std::unique_ptr<EventLoop::Timer> retry_;
  sd_bus* bus_ = nullptr;
  Slot disconnected_, signal_, coming_asked_, asked_;
  std::string wanted_; ///< why; empty: not wanted
  step::Fd lock_;
  std::optional<bool> coming_; ///< nothing: not known yet
};

void ShutdownDelay::Connection::open() {
  int r = system_bus::open(loop_, address_, bus_, disconnected_, &on_message<&Connection::on_disconnected>, this);
  sd_bus_slot* slot = nullptr;
  if (r >= 0)
    r = sd_bus_match_signal_async(bus_, &slot, kLogind, kPath, kManager, "PrepareForShutdown",
                                  &on_message<&Connection::on_signal>, nullptr, this);
  signal_.reset(slot);
  if (r >= 0) r = ask_whether_coming(); // after the match: nothing falls between them
  if (r >= 0 && !wanted_.empty() && !lock_) r = ask_for_lock();
  if (r >= 0) return;
  drop();
  retry_->arm(loop_.now() + kRetry);
}

/// The lock stays: it is logind's, not the bus's.
void ShutdownDelay::Connection::drop() {
  for (Slot* slot : {&disconnected_, &signal_, &coming_asked_, &asked_}) slot->reset();
  system_bus::let_go(loop_, bus_);
}

int ShutdownDelay::Connection::ask_for_lock() {
  sd_bus_message* raw = nullptr;
  int r = sd_bus_message_new_method_call(bus_, &raw, kLogind, kPath, kManager, "Inhibit");
  const Message call = owned(raw);
  if (r >= 0) r = sd_bus_message_set_auto_start(raw, 0);
  if (r >= 0) r = sd_bus_message_append(raw, "ssss", "shutdown", "backstop", wanted_.c_str(), "delay");
  sd_bus_slot* slot = nullptr;
  if (r >= 0) r = sd_bus_call_async(bus_, &slot, raw, &on_message<&Connection::take_lock>, this, 0);
  asked_.reset(slot);
  return r;
}

int ShutdownDelay::Connection::ask_whether_coming() {
  sd_bus_message* raw = nullptr;
  int r = sd_bus_message_new_method_call(bus_, &raw, kLogind, kPath, "org.freedesktop.DBus.Properties", "Get");
  const Message call = owned(raw);
  if (r >= 0) r = sd_bus_message_set_auto_start(raw, 0);
  if (r >= 0) r = sd_bus_message_append(raw, "ss", kManager, "PreparingForShutdown");
  sd_bus_slot* slot = nullptr;
  if (r >= 0) r = sd_bus_call_async(bus_, &slot, raw, &on_message<&Connection::on_property>, this, 0);
  coming_asked_.reset(slot);
  return r;
}

void ShutdownDelay::Connection::take_lock(sd_bus_message* m) {
  asked_.reset();
  if (sd_bus_message_is_method_error(m, nullptr) > 0) {
    const sd_bus_error* error = sd_bus_message_get_error(m);
    if (!no_logind(error) && !coming_.value_or(false)) // once a shutdown has begun it gives none, as is meant
      log_.write(LogLevel::info,
                 std::string("a shutdown of the host would not wait for a running step: logind says: ") +
                     (error->message ? error->message : error->name),
                 {});
    return;
  }
  int fd = -1;
  if (sd_bus_message_read(m, "h", &fd) < 0) return;
  lock_ = step::Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); // the message closes its own
}

void ShutdownDelay::Connection::take_news(sd_bus_message* m, bool in_variant) {
  int coming = 0;
  const int r = in_variant ? sd_bus_message_read(m, "v", "b", &coming) : sd_bus_message_read(m, "b", &coming);
  if (r < 0 || std::exchange(coming_, coming != 0) == (coming != 0)) return;
  told_(*coming_);
  if (!*coming_ && !wanted_.empty()) ask(); // it could not be had meanwhile
}

ShutdownDelay::ShutdownDelay(EventLoop& loop, Log& log, Told told, std::string address)
    : connection_(std::make_unique<Connection>(loop, log, std::move(told), std::move(address))) {}
ShutdownDelay::~ShutdownDelay() = default;
void ShutdownDelay::want(const std::string& why) { connection_->want(why); }
bool ShutdownDelay::held() const { return connection_->held(); }

} // namespace backstop
