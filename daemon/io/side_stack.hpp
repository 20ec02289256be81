#pragma once
#include <cstddef>
#include <functional>
#include <ucontext.h>

namespace backstop {

/// A stack beside the thread's own, for a call into a C library that waits inside: what it waits with goes back to the
/// loop from there by pause(), and on from there by resume(). One call at a time; it must not throw, and must have
/// ended before this is destroyed.
class SideStack {
public:
  SideStack();
  ~SideStack();
  SideStack(const SideStack&) = delete;
  SideStack& operator=(const SideStack&) = delete;

  /// Makes the call. False: it has paused, and waits for resume().
  bool run(std::function<void()> call);
  bool resume();
  [[nodiscard]] bool paused() const { return paused_; }

  /// From inside a call: back to whoever made it or resumed it, until the next resume().
  void pause();
  /// The one whose call runs now; null: none does.
  static SideStack* current();

private:
  static void enter(unsigned high, unsigned low) noexcept;
  bool switch_over();

  void* memory_;
  std::function<void()> call_;
  ucontext_t home_{};
  ucontext_t side_{};
  bool paused_ = false;
};

} // namespace backstop
