#include "daemon/io/systemd_units.hpp"
#include "collectors/unit_state.hpp"
#include "daemon/io/system_bus.hpp"
#include "daemon/io/unit_properties.hpp"
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <set>
#include <utility>
#include <vector>

namespace backstop {
namespace {

constexpr const char* kManager = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kUnits = "/org/freedesktop/systemd1/unit";
constexpr const char* kProperties = "org.freedesktop.DBus.Properties";
constexpr std::size_t kMostNames = 4; ///< of one unit: its own and the one it was asked for by

using system_bus::Message;
using system_bus::owned;
using system_bus::Slot;

std::string path_of(const std::string& unit) {
  char* encoded = nullptr;
  if (sd_bus_path_encode(kUnits, unit.c_str(), &encoded) < 0) return "";
  std::string path = encoded;
  std::free(encoded); // NOLINT: of the C library's
  return path;
}

Error told_error(const sd_bus_error* error) {
  for (const char* name : {SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER}) {
    if (sd_bus_error_has_name(error, name)) return fail(Errc::io, "systemd is not on the system bus");
  }
  return fail(Errc::io, std::string("systemd refused to tell: ") + (error->message ? error->message : error->name));
}

} // namespace

/// The connection. What goes wrong with it ends every read under way.
class SystemdUnits::Bus {
public:
  Bus(EventLoop& on, std::string where)
      : loop(on), address_(where.empty() ? system_bus::usual_address() : std::move(where)) {}
  ~Bus() { drop(); }
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  Status open();
  void close(const Error& why);
  [[nodiscard]] sd_bus* raw() const { return bus_; }
  [[nodiscard]] bool broken() const { return sd_bus_is_open(bus_) <= 0; }
  /// Why an answer is overdue.
  [[nodiscard]] Error overdue(Duration limit) const {
    const char* who = sd_bus_is_ready(bus_) > 0 ? "systemd gave no answer within " : "no connection within ";
    return fail(Errc::timeout, fmt::format("system bus at {}: {}{} s", address_, who, to_seconds(limit)));
  }
  [[nodiscard]] Error gone() const { return fail(Errc::io, "system bus at " + address_ + ": the connection broke"); }

  EventLoop& loop;
  std::set<UnitProbe*> probes;

private:
  static double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
  static int on_disconnected(sd_bus_message*, void* self, sd_bus_error*) noexcept {
    auto& bus = *static_cast<Bus*>(self);
    bus.loop.barrier().run([&] { bus.close(bus.gone()); });
    return 0;
  }
  void drop();

  std::string address_;
  sd_bus* bus_ = nullptr;
  Slot disconnected_;
};

/// One unit that is watched.
class SystemdUnits::UnitProbe final : public Probe {
public:
  UnitProbe(std::shared_ptr<Bus> bus, std::string unit, Duration limit)
      : bus_(std::move(bus)), unit_(std::move(unit)), path_(path_of(unit_)), limit_(limit),
        deadline_(bus_->loop.add_timer([this] { bus_->close(bus_->overdue(limit_)); })),
        spacing_(bus_->loop.add_timer([this] { tell(); })) {
    bus_->probes.insert(this);
  }
  ~UnitProbe() override { bus_->probes.erase(this); }

  void start(Done done) override {
    if (std::exchange(told_, false)) return done(answer());
    if (Status s = bus_->open(); !s) return done(s.error());
    if (const int r = ask(); r < 0) return done(fail(Errc::io, std::string("system bus: ") + std::strerror(-r)));
    done_ = std::move(done);
    deadline_->arm(bus_->loop.fresh_now() + limit_);
  }
  void on_change(std::function<void()> changed) override { changed_ = std::move(changed); }

  /// The connection is no more; a read under way ends with `why`.
  void on_closed(const Error& why) {
    reply_.reset();
    matches_.clear();
    matched_.clear();
    said_ = {};
    told_ = waits_ = false;
    spacing_->disarm();
    finish(why);
  }

private:
  int watch(const std::string& path);
  int ask();
  void take_reply(sd_bus_message* m);
  void take_signal(sd_bus_message* m);
  void tell();
  void finish(Result<ProbeAnswer> result) {
    deadline_->disarm();
    if (const Done done = std::exchange(done_, nullptr)) done(std::move(result));
  }
  [[nodiscard]] Result<ProbeAnswer> answer() const {
    if (!state_.exists())
      return fail(Errc::not_found, "systemd knows no unit " + unit_ + ": systemctl status " + unit_);
    return ProbeAnswer{SamplesAnswer{state_.samples(), ""}};
  }
  static int on_reply(sd_bus_message* m, void* self, sd_bus_error*) noexcept {
    auto& probe = *static_cast<UnitProbe*>(self);
    probe.bus_->loop.barrier().run([&] { probe.take_reply(m); });
    return 1;
  }
  static int on_signal(sd_bus_message* m, void* self, sd_bus_error*) noexcept {
    auto& probe = *static_cast<UnitProbe*>(self);
    probe.bus_->loop.barrier().run([&] { probe.take_signal(m); });
    return 0;
  }

  std::shared_ptr<Bus> bus_;
  std::string unit_, path_;
  Duration limit_;
  std::unique_ptr<EventLoop::Timer> deadline_, spacing_;
  Done done_;
  std::function<void()> changed_;
  Slot reply_;
  std::vector<Slot> matches_;
  std::set<std::string> matched_; ///< paths whose changes are told on this connection
  UnitState state_;
  UnitProperties said_; ///< told, and not yet the whole of a change
  bool looked_ = false; ///< state_ has everything; before that a change alone says too little
  bool told_ = false;   ///< state_ is what was told this instant
  bool waits_ = false;  ///< a change is told when spacing_ fires
  Time last_{};         ///< when the last one was told
};

Status SystemdUnits::Bus::open() {
  if (bus_ && !broken()) return {};
  if (bus_) close(gone());
  int r = system_bus::open(loop, address_, bus_, disconnected_, &Bus::on_disconnected, this);
  // Without it systemd tells of no changes. An answer is not waited for.
  if (r >= 0)
    r = sd_bus_call_method_async(bus_, nullptr, kManager, kPath, "org.freedesktop.systemd1.Manager", "Subscribe",
                                 nullptr, nullptr, nullptr);
  if (r >= 0) return {};
  drop();
  return fail(Errc::io, "system bus at " + address_ + ": " + std::strerror(-r) +
                            " (does dbus run? May the daemon reach its socket?)");
}

void SystemdUnits::Bus::close(const Error& why) {
  drop();
  for (UnitProbe* probe : std::set<UnitProbe*>(probes)) {
    if (probes.count(probe) != 0) probe->on_closed(why);
  }
}

void SystemdUnits::Bus::drop() {
  disconnected_.reset();
  system_bus::let_go(loop, bus_);
}

int SystemdUnits::UnitProbe::watch(const std::string& path) {
  if (path.empty()) return -EINVAL;
  if (matched_.size() == kMostNames || !matched_.insert(path).second) return 0;
  sd_bus_slot* slot = nullptr;
  const int r = sd_bus_match_signal_async(bus_->raw(), &slot, kManager, path.c_str(), kProperties, "PropertiesChanged",
                                          &UnitProbe::on_signal, nullptr, this);
  if (r >= 0) matches_.emplace_back(slot);
  return r;
}

/// First to be told of changes, then the question: nothing falls between them.
int SystemdUnits::UnitProbe::ask() {
  if (const int r = watch(path_); r < 0) return r;
  sd_bus_message* raw = nullptr;
  int r = sd_bus_message_new_method_call(bus_->raw(), &raw, kManager, path_.c_str(), kProperties, "GetAll");
  const Message call = owned(raw);
  if (r >= 0) r = sd_bus_message_set_auto_start(raw, 0);
  if (r >= 0) r = sd_bus_message_append(raw, "s", ""); // of all interfaces
  sd_bus_slot* slot = nullptr;
  if (r >= 0)
    r = sd_bus_call_async(bus_->raw(), &slot, raw, &UnitProbe::on_reply, this,
                          static_cast<std::uint64_t>((limit_ * 2).count())); // deadline_ comes first
  reply_.reset(slot);
  return r;
}

void SystemdUnits::UnitProbe::take_reply(sd_bus_message* m) {
  reply_.reset();
  if (sd_bus_message_is_method_error(m, nullptr) > 0) {
    if (bus_->broken()) return bus_->close(bus_->gone());
    return finish(told_error(sd_bus_message_get_error(m)));
  }
  ToldProperties told;
  if (read_properties(m, told) < 0)
    return finish(fail(Errc::io, "systemd's answer about " + unit_ + " makes no sense"));
  said_ = {};
  looked_ = true;
  state_.take(told.properties);
  // Under an alias it is found, but its changes are told under its own name.
  if (!told.id.empty()) watch(path_of(told.id));
  finish(answer());
}

void SystemdUnits::UnitProbe::take_signal(sd_bus_message* m) {
  const char* interface = nullptr;
  ToldProperties told;
  if (sd_bus_message_read(m, "s", &interface) < 0 || read_properties(m, told) < 0) return;
  merge(told.properties, said_);
  // The properties of its kind come first, those of all units second: only then is the change whole.
  if (std::strcmp(interface, "org.freedesktop.systemd1.Unit") != 0) return;
  const UnitProperties said = std::exchange(said_, {});
  if (!looked_ || !state_.take(said) || !changed_ || waits_) return;
  const Time now = bus_->loop.fresh_now();
  if (now >= last_ + kSpacing) return tell();
  waits_ = true;
  spacing_->arm(last_ + kSpacing);
}

void SystemdUnits::UnitProbe::tell() {
  waits_ = false;
  last_ = bus_->loop.fresh_now();
  told_ = true;
  changed_();
}

SystemdUnits::SystemdUnits(EventLoop& loop, std::string address)
    : bus_(std::make_shared<Bus>(loop, std::move(address))) {}
SystemdUnits::~SystemdUnits() = default;

std::unique_ptr<Probe> SystemdUnits::probe(std::string unit, Duration limit) {
  return std::make_unique<UnitProbe>(bus_, std::move(unit), limit);
}

} // namespace backstop
