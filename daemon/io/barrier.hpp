#pragma once
#include <exception>
#include <utility>

namespace backstop {

/// The one barrier between C++ exceptions and C frames (sd-event, libcurl, libmicrohttpd, SQLite). A C callback is a
/// two-line noexcept trampoline: `return barrier.run(otherwise, [&] { ... });`. What is thrown is stored; EventLoop looks
/// here after every handler and throws it again outside every C frame. Why: thrown through an sd-event handler it leaves
/// the loop at -EBUSY for ever, thrown through libcurl it makes every later call on the handle fail.
class Barrier {
public:
  /// Runs `body` and gives what it returns; after a throw gives `otherwise`. Only the first exception is kept.
  template <class R, class F> R run(R otherwise, F&& body) noexcept {
    try {
      return std::forward<F>(body)();
    } catch (...) {
      keep(std::current_exception());
      return otherwise;
    }
  }
  template <class F> void run(F&& body) noexcept {
    try {
      std::forward<F>(body)();
    } catch (...) {
      keep(std::current_exception());
    }
  }
  [[nodiscard]] bool caught() const { return caught_ != nullptr; }
  /// Throws what was kept, if anything was.
  void rethrow() {
    if (caught_) std::rethrow_exception(std::exchange(caught_, nullptr));
  }

private:
  void keep(std::exception_ptr e) noexcept {
    if (!caught_) caught_ = std::move(e);
  }
  std::exception_ptr caught_;
};

} // namespace backstop
