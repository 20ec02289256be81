#pragma once
#include "daemon/json.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <cmath>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

/// Structs to Json and back from one description: a struct says its members once,
///     template <class V> void fields(V& v) { v("id", id); v("why", why); }
/// Reading is strict on types and tolerant to absence: a member that is missing keeps its default (records of an older
/// version), one of a wrong type is an error that names it. Times and durations are integers in microseconds.
namespace backstop {

template <class T>
concept Described = requires(T& t, struct JsonWriter& v) {
  t.fields(v);
};

template <class T> Json to_json(const T& value);
template <class T> Status from_json(const Json& json, T& out);

struct JsonWriter {
  Json json = Json::object();
  template <class T> void operator()(const char* name, T& value) { json.set(name, to_json(value)); }
};

struct JsonReader {
  const Json& json;
  Status status;
  template <class T> void operator()(const char* name, T& value) {
    const Json& member = json[name];
    if (!status || member.is_null()) return;
    if (Status s = from_json(member, value); !s) status = s.error().in(name);
  }
};

namespace codec_detail {
template <class T> struct IsVector : std::false_type {};
template <class T> struct IsVector<std::vector<T>> : std::true_type {};
template <class T> struct IsOptional : std::false_type {};
template <class T> struct IsOptional<std::optional<T>> : std::true_type {};
inline Error wrong(const char* wanted) { return fail(Errc::corrupt, std::string("is not ") + wanted); }
} // namespace codec_detail

template <class T> Json to_json(const T& value) {
  if constexpr (std::is_same_v<T, Json>) {
    return value;
  } else if constexpr (std::is_same_v<T, Time>) {
    return Json(to_us(value));
  } else if constexpr (std::is_same_v<T, Duration>) {
    return Json(std::int64_t{value.count()});
  } else if constexpr (codec_detail::IsVector<T>::value) {
    Json array = Json::array();
    for (const auto& e : value) array.push(to_json(e));
    return array;
  } else if constexpr (codec_detail::IsOptional<T>::value) {
    return value ? to_json(*value) : Json();
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double> || std::is_same_v<T, std::string>) {
    return Json(value);
  } else if constexpr (std::is_integral_v<T>) {
    return Json(static_cast<std::int64_t>(value));
  } else {
    JsonWriter writer;
    const_cast<T&>(value).fields(writer); // one description serves both ways; the writer only reads
    return std::move(writer.json);
  }
}

template <class T> Status from_json(const Json& json, T& out) {
  if constexpr (std::is_same_v<T, Json>) {
    out = json;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!json.as_bool()) return codec_detail::wrong("true or false");
    out = *json.as_bool();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!json.as_string()) return codec_detail::wrong("a string");
    out = *json.as_string();
  } else if constexpr (std::is_same_v<T, double>) {
    if (!json.as_number(out)) return codec_detail::wrong("a number");
  } else if constexpr (std::is_same_v<T, Time>) {
    if (!json.as_int()) return codec_detail::wrong("a time in microseconds");
    out = time_from_us(*json.as_int());
  } else if constexpr (std::is_same_v<T, Duration>) {
    if (!json.as_int()) return codec_detail::wrong("a duration in microseconds");
    out = Duration{*json.as_int()};
  } else if constexpr (std::is_integral_v<T>) {
    if (!json.as_int()) return codec_detail::wrong("an integer");
    out = static_cast<T>(*json.as_int());
  } else if constexpr (codec_detail::IsOptional<T>::value) {
    typename T::value_type value{};
    if (Status s = from_json(json, value); !s) return s;
    out = std::move(value);
  } else if constexpr (codec_detail::IsVector<T>::value) {
    if (!json.as_array()) return codec_detail::wrong("a list");
    out.clear();
    for (const Json& e : *json.as_array()) {
      typename T::value_type value{};
      if (Status s = from_json(e, value); !s) return s.error().in("element " + std::to_string(out.size()));
      out.push_back(std::move(value));
    }
  } else {
    if (!json.as_object()) return codec_detail::wrong("an object");
    JsonReader reader{json, {}};
    out.fields(reader);
    return reader.status;
  }
  return {};
}

} // namespace backstop
