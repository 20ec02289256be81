#include "daemon/records.hpp"
#include "daemon/codec.hpp"
#include <type_traits>

namespace backstop {
namespace {

template <std::size_t I = 0> Result<Payload> decode_as(const Record& record) {
  if constexpr (I == std::variant_size_v<Payload>) {
    return fail(Errc::newer, "record " + std::to_string(record.seq) + " is of type '" + record.type +
                                 "', which this version does not know; run the version that wrote it, or a newer one");
  } else {
    using T = std::variant_alternative_t<I, Payload>;
    if (record.type != T::kType) return decode_as<I + 1>(record);
    T payload;
    if (Status s = from_json(record.payload, payload); !s) {
      return fail(Errc::corrupt, "record " + std::to_string(record.seq) + " (" + record.type + "): " + s.error().what);
    }
    return Payload{std::move(payload)};
  }
}

} // namespace

std::string type_of(const Payload& payload) {
  return std::visit([](const auto& p) -> std::string { return std::decay_t<decltype(p)>::kType; }, payload);
}

std::string subject_of(const Payload& payload) {
  return std::visit(
      [](const auto& p) -> std::string {
        if constexpr (requires {
                        p.deployment;
                        p.service;
                      }) {
          return p.deployment.empty() ? p.service : p.deployment;
        } else if constexpr (requires { p.id; }) {
          return p.id;
        } else if constexpr (requires { p.deployment; }) {
          return p.deployment;
        } else if constexpr (requires { p.service; }) {
          return p.service;
        } else if constexpr (requires { p.incident; }) {
          return p.incident;
        } else if constexpr (requires { p.key; }) {
          return p.key;
        } else {
          return "backstopd";
        }
      },
      payload);
}

Json encode(const Payload& payload) {
  return std::visit([](const auto& p) { return to_json(p); }, payload);
}

Result<Payload> decode(const Record& record) { return decode_as(record); }

} // namespace backstop
