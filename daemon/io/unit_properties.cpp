#include "daemon/io/unit_properties.hpp"
#include <cstring>
#include <string_view>
#include <systemd/sd-bus.h>

namespace backstop {
namespace {

int read_text(sd_bus_message* m, std::optional<std::string>& out) {
  const char* text = nullptr;
  const int r = sd_bus_message_read(m, "v", "s", &text);
  if (r >= 0) out = text;
  return r;
}

int read_number(sd_bus_message* m, std::optional<std::uint64_t>& out) {
  std::uint32_t number = 0;
  const int r = sd_bus_message_read(m, "v", "u", &number);
  if (r >= 0) out = number;
  return r;
}

int read_bytes(sd_bus_message* m, std::optional<std::string>& out) {
  const void* bytes = nullptr;
  std::size_t size = 0;
  int r = sd_bus_message_enter_container(m, 'v', "ay");
  if (r >= 0) r = sd_bus_message_read_array(m, 'y', &bytes, &size);
  if (r < 0) return r;
  out.emplace();
  for (std::size_t i = 0; i < size; ++i) {
    const unsigned byte = static_cast<const unsigned char*>(bytes)[i];
    *out += "0123456789abcdef"[byte >> 4U];
    *out += "0123456789abcdef"[byte & 15U];
  }
  return sd_bus_message_exit_container(m);
}

int read_property(sd_bus_message* m, std::string_view name, ToldProperties& out) {
  UnitProperties& p = out.properties;
  if (name == "LoadState") return read_text(m, p.load_state);
  if (name == "ActiveState") return read_text(m, p.active_state);
  if (name == "Result") return read_text(m, p.result);
  if (name == "NRestarts") return read_number(m, p.restarts);
  if (name == "InvocationID") return read_bytes(m, p.invocation);
  if (name != "Id") return sd_bus_message_skip(m, "v");
  std::optional<std::string> id;
  const int r = read_text(m, id);
  if (id) out.id = *id;
  return r;
}

template <class T> void put(const std::optional<T>& said, std::optional<T>& out) {
  if (said) out = said;
}

} // namespace

int read_properties(sd_bus_message* m, ToldProperties& out) {
  int r = sd_bus_message_enter_container(m, 'a', "{sv}");
  if (r < 0) return r;
  while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
    const char* name = nullptr;
    r = sd_bus_message_read(m, "s", &name);
    if (r >= 0) r = read_property(m, name, out);
    if (r >= 0) r = sd_bus_message_exit_container(m);
    if (r < 0) return r;
  }
  return r < 0 ? r : sd_bus_message_exit_container(m);
}

void merge(const UnitProperties& said, UnitProperties& out) {
  put(said.load_state, out.load_state);
  put(said.active_state, out.active_state);
  put(said.invocation, out.invocation);
  put(said.result, out.result);
  put(said.restarts, out.restarts);
}

} // namespace backstop
