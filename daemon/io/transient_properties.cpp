#include "daemon/io/transient_properties.hpp"
#include <cerrno>
#include <cmath>
#include <initializer_list>
#include <linux/capability.h>
#include <systemd/sd-bus.h>

namespace backstop {
namespace {

using config::Confinement;
using config::Sandbox;

/// Writes properties one after the other; after the first that fails, none.
class Properties {
public:
  explicit Properties(sd_bus_message* m) : m_(m) { keep(sd_bus_message_open_container(m_, 'a', "(sv)")); }

  void text(const char* name, const std::string& value) { add(name, "s", value.c_str()); }
  void flag(const char* name) { add(name, "b", 1); }
  void number(const char* name, std::uint64_t value) { add(name, "t", value); }
  void texts(const char* name, const std::vector<std::string>& values) {
    open(name, "as");
    array(values);
    close();
  }
  /// A list of what alone is allowed.
  void allowed(const char* name, const std::vector<std::string>& values) {
    open(name, "(bas)");
    keep(sd_bus_message_open_container(m_, 'r', "bas"));
    keep(sd_bus_message_append(m_, "b", 1));
    array(values);
    keep(sd_bus_message_close_container(m_));
    close();
  }
  void command(const std::vector<std::string>& argv) {
    open("ExecStart", "a(sasb)");
    keep(sd_bus_message_open_container(m_, 'a', "(sasb)"));
    keep(sd_bus_message_open_container(m_, 'r', "sasb"));
    keep(sd_bus_message_append(m_, "s", argv.front().c_str()));
    array(argv);
    keep(sd_bus_message_append(m_, "b", 0));
    for (int i = 0; i < 2; ++i) keep(sd_bus_message_close_container(m_));
    close();
  }
  void journal_fields(const std::vector<std::pair<std::string, std::string>>& fields) {
    if (fields.empty()) return;
    open("LogExtraFields", "aay");
    keep(sd_bus_message_open_container(m_, 'a', "ay"));
    for (const auto& [name, value] : fields) {
      const std::string field = name + "=" + value;
      keep(sd_bus_message_append_array(m_, 'y', field.data(), field.size()));
    }
    keep(sd_bus_message_close_container(m_));
    close();
  }
  template <class T> void add(const char* name, const char* type, T value) {
    if (r_ >= 0) r_ = sd_bus_message_append(m_, "(sv)", name, type, value);
  }
  /// Closes the list.
  int end() {
    keep(sd_bus_message_close_container(m_));
    keep(sd_bus_message_append(m_, "a(sa(sv))", 0));
    return r_;
  }

private:
  void keep(int r) {
    if (r_ >= 0) r_ = r;
  }
  void open(const char* name, const char* type) {
    keep(sd_bus_message_open_container(m_, 'r', "sv"));
    keep(sd_bus_message_append(m_, "s", name));
    keep(sd_bus_message_open_container(m_, 'v', type));
  }
  void close() {
    for (int i = 0; i < 2; ++i) keep(sd_bus_message_close_container(m_));
  }
  void array(const std::vector<std::string>& values) {
    keep(sd_bus_message_open_container(m_, 'a', "s"));
    for (const std::string& value : values) keep(sd_bus_message_append(m_, "s", value.c_str()));
    keep(sd_bus_message_close_container(m_));
  }

  sd_bus_message* m_;
  int r_ = 0;
};

std::uint64_t usec(Duration d) { return static_cast<std::uint64_t>(d.count()); }

std::uint64_t mask(std::initializer_list<int> capabilities) {
  std::uint64_t bits = 0;
  for (const int capability : capabilities) bits |= std::uint64_t{1} << capability;
  return bits;
}

void limit(Properties& out, const Confinement& confinement) {
  if (confinement.memory) out.number("MemoryMax", *confinement.memory);
  if (confinement.tasks) out.number("TasksMax", *confinement.tasks);
  if (confinement.cpu)
    out.number("CPUQuotaPerSecUSec", static_cast<std::uint64_t>(std::llround(*confinement.cpu * 10'000)));
  if (confinement.open_files) out.number("LimitNOFILE", *confinement.open_files);
}

/// What each sandbox is made of is told in docs/configuration.md, "Sandboxes".
void shut_in(Properties& out, const Confinement& confinement) {
  if (confinement.sandbox == Sandbox::none) return;
  const bool strict = confinement.sandbox == Sandbox::strict;
  for (const char* name : {"NoNewPrivileges", "PrivateTmp", "ProtectKernelTunables", "ProtectControlGroups"})
    out.flag(name);
  out.text("ProtectSystem", strict ? "strict" : "full");
  out.text("ProtectHome", strict ? "yes" : "read-only");
  if (!strict) return;
  out.texts("ReadWritePaths", confinement.writable);
  for (const char* name : {"PrivateDevices", "ProtectKernelModules", "ProtectKernelLogs", "ProtectClock",
                           "ProtectHostname", "RestrictSUIDSGID", "RestrictRealtime", "LockPersonality"})
    out.flag(name);
  out.number("RestrictNamespaces", 0); // the kinds that are allowed
  out.allowed("RestrictAddressFamilies", {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"});
  out.texts("SystemCallArchitectures", {"native"});
  out.allowed("SystemCallFilter", {"@system-service"});
  out.add("SystemCallErrorNumber", "i", EPERM); // else the step is killed where it could go on
  // Enough to take the step's user, to signal it, and to handle files of any owner.
  out.number("CapabilityBoundingSet", mask({CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID,
                                            CAP_KILL, CAP_NET_BIND_SERVICE, CAP_SETGID, CAP_SETUID}));
}

} // namespace

int append_properties(sd_bus_message* call, const TransientUnit& unit) {
  Properties out(call);
  out.text("Description", unit.description);
  out.text("Type", "notify");
  out.text("NotifyAccess", "main");
  // At a shutdown the daemon ends first, so it does not take a step that the host cuts off for one that was cancelled.
  out.texts("Before", {"backstopd.service"});
  // What a step leaves running after its own end is meant to stay, as a service that a deploy script started.
  out.text("KillMode", "process");
  out.text("CollectMode", "inactive-or-failed"); // its outcome is in its directory, not in the manager
  out.text("OOMPolicy", "continue");             // the supervisor lives to tell that its command was killed
  out.text("SyslogIdentifier", "backstop-step");
  out.number("RuntimeMaxUSec", usec(unit.run_limit));
  out.number("TimeoutStopUSec", usec(unit.stop_limit));
  out.command(unit.argv);
  out.journal_fields(unit.journal_fields);
  limit(out, unit.confinement);
  shut_in(out, unit.confinement);
  return out.end();
}

} // namespace backstop
