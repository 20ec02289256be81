#pragma once
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace backstop {

/// What went wrong, in the environment or the input. Domain outcomes (no data, a failed step) are values, not errors.
enum class Errc {
  invalid,      ///< the input is wrong; `why` says how to mend it
  not_found,    ///< the named thing does not exist
  refused,      ///< understood, and not allowed in this state
  unauthorized, ///< the peer has no right to do it
  io,           ///< the operating system or a peer failed
  timeout,      ///< a deadline passed
  too_large,    ///< a bound was crossed
  corrupt,      ///< stored data does not read back
  newer,        ///< stored data was written by a newer version
  busy,         ///< a resource is taken; trying again may work
};

struct Error {
  Errc code = Errc::invalid;
  std::string what; ///< the whole sentence, outermost context first: "a: b: why"

  /// The same error with its context in front: "context: what".
  [[nodiscard]] Error in(std::string_view context) const& { return {code, std::string(context) + ": " + what}; }
};

std::string_view name_of(Errc code);

/// A value or an Error. Unlike tl::expected 1.0.0 it may not be dropped silently.
template <class T> class [[nodiscard]] Result {
public:
  Result() requires std::is_default_constructible_v<T> : value_(T{}) {}
  Result(T value) : value_(std::move(value)) {}                            // NOLINT: a value is a result
  Result(Error error) : value_(tl::unexpected<Error>(std::move(error))) {} // NOLINT: so is an error

  explicit operator bool() const { return value_.has_value(); }
  [[nodiscard]] bool ok() const { return value_.has_value(); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  [[nodiscard]] const Error& error() const { return value_.error(); }
  [[nodiscard]] T value_or(T other) const { return value_ ? *value_ : std::move(other); }

private:
  tl::expected<T, Error> value_;
};

template <> class [[nodiscard]] Result<void> {
public:
  Result() = default;
  Result(Error error) : value_(tl::unexpected<Error>(std::move(error))) {} // NOLINT
  explicit operator bool() const { return value_.has_value(); }
  [[nodiscard]] bool ok() const { return value_.has_value(); }
  [[nodiscard]] const Error& error() const { return value_.error(); }

private:
  tl::expected<void, Error> value_;
};

using Status = Result<void>;

inline Error fail(Errc code, std::string what) { return Error{code, std::move(what)}; }

} // namespace backstop
