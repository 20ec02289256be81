#include "daemon/io/transient_units.hpp"
#include "daemon/io/system_bus.hpp"
#include "daemon/io/transient_properties.hpp"
#include <chrono>
#include <cstring>

namespace backstop {
namespace {

constexpr const char* kManager = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kInterface = "org.freedesktop.systemd1.Manager";

using system_bus::Message;
using system_bus::owned;

Error bus_error(const std::string& what, int code, const sd_bus_error* error = nullptr) {
  const bool told = error && error->message;
  return fail(Errc::io, what + ": " + (told ? error->message : std::strerror(-code)));
}

std::uint64_t usec(Duration d) { return static_cast<std::uint64_t>(d.count()); }

} // namespace

/// Hears JobRemoved for TransientUnits; here, as its signature is of the C library.
struct JobListener {
  static int on_removed(sd_bus_message* m, void* data, sd_bus_error*) {
    std::uint32_t id = 0;
    const char *job = nullptr, *unit = nullptr, *result = nullptr;
    if (sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) >= 0)
      static_cast<TransientUnits*>(data)->removed_ = {job, result};
    return 0;
  }
};

void TransientUnits::Closer::operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }

TransientUnits::TransientUnits() = default;
TransientUnits::~TransientUnits() = default;
TransientUnits::TransientUnits(TransientUnits&&) noexcept = default;

Status TransientUnits::connect() {
  if (bus_ && sd_bus_is_open(bus_.get()) > 0) return {};
  bus_.reset();
  sd_bus* bus = nullptr;
  if (const int r = sd_bus_open_system(&bus); r < 0) return bus_error("the system bus cannot be reached", r);
  bus_.reset(bus);
  int r = sd_bus_match_signal(bus, nullptr, kManager, kPath, kInterface, "JobRemoved", &JobListener::on_removed, this);
  sd_bus_error error{}; // SD_BUS_ERROR_NULL is no C++ for clang
  if (r >= 0) r = sd_bus_call_method(bus, kManager, kPath, kInterface, "Subscribe", &error, nullptr, nullptr);
  const Status status = r < 0 ? Status(bus_error("systemd does not answer on the bus", r, &error)) : Status{};
  sd_bus_error_free(&error);
  if (!status) bus_.reset();
  return status;
}

Status TransientUnits::start(const TransientUnit& unit, Duration limit) {
  if (Status s = connect(); !s) return s;
  sd_bus_message* raw = nullptr;
  int r = sd_bus_message_new_method_call(bus_.get(), &raw, kManager, kPath, kInterface, "StartTransientUnit");
  const Message call = owned(raw);
  if (r >= 0) r = sd_bus_message_append(raw, "ss", unit.name.c_str(), "fail");
  if (r >= 0) r = append_properties(raw, unit);
  if (r < 0) return bus_error("unit " + unit.name + " cannot be described", r);
  sd_bus_error error{}; // SD_BUS_ERROR_NULL is no C++ for clang
  sd_bus_message* answer_raw = nullptr;
  removed_ = {};
  r = sd_bus_call(bus_.get(), raw, usec(limit), &error, &answer_raw);
  const Message answer = owned(answer_raw);
  Status status;
  if (r < 0) {
    Error why = bus_error("unit " + unit.name + " cannot be started", r, &error);
    if (sd_bus_error_has_name(&error, "org.freedesktop.systemd1.UnitExists")) why.code = Errc::refused;
    status = std::move(why);
  }
  sd_bus_error_free(&error);
  if (!status) return status;
  const char* job = nullptr;
  if (r = sd_bus_message_read(answer.get(), "o", &job); r < 0) return bus_error("systemd's answer", r);
  return wait_for_job(unit.name, job, limit);
}

Status TransientUnits::wait_for_job(const std::string& unit, const std::string& job, Duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const int r = sd_bus_process(bus_.get(), nullptr);
    if (r < 0) return bus_error("unit " + unit + ": the bus broke while it started", r);
    if (removed_.first == job) break;
    if (r > 0) continue;
    const auto left = std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now());
    if (left <= Duration{}) return fail(Errc::timeout, "unit " + unit + " was not ready in time");
    sd_bus_wait(bus_.get(), usec(left));
  }
  if (removed_.second == "done") return {};
  return fail(Errc::io, "unit " + unit + " could not be started (" + removed_.second + "): journalctl -u " + unit);
}

} // namespace backstop
