#include "daemon/io/side_stack.hpp"
#include <cerrno>
#include <cstdint>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace backstop {
namespace {

constexpr std::size_t kStack = std::size_t{256} << 10; ///< of it only what is used is ever in memory
SideStack* running = nullptr;

std::size_t page() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

} // namespace

SideStack::SideStack()
    : memory_(mmap(nullptr, kStack + page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
  if (memory_ == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "no memory for a stack");
  if (mprotect(memory_, page(), PROT_NONE) != 0) { // one that overflows ends the program instead of spoiling it
    munmap(memory_, kStack + page());
    throw std::system_error(errno, std::generic_category(), "cannot guard a stack");
  }
}

SideStack::~SideStack() { munmap(memory_, kStack + page()); }

SideStack* SideStack::current() { return running; }

bool SideStack::run(std::function<void()> call) {
  call_ = std::move(call);
  getcontext(&side_);
  side_.uc_stack.ss_sp = static_cast<char*>(memory_) + page();
  side_.uc_stack.ss_size = kStack;
  side_.uc_link = &home_;
  // makecontext passes ints alone.
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  constexpr int half = 32;
  makecontext(&side_, reinterpret_cast<void (*)()>(&SideStack::enter), 2, static_cast<unsigned>(self >> half),
              static_cast<unsigned>(self));
  return switch_over();
}

bool SideStack::resume() { return switch_over(); }

bool SideStack::switch_over() {
  paused_ = false;
  SideStack* const before = std::exchange(running, this);
  swapcontext(&home_, &side_);
  running = before;
  return !paused_;
}

void SideStack::pause() {
  paused_ = true;
  swapcontext(&side_, &home_);
}

void SideStack::enter(unsigned high, unsigned low) noexcept {
  constexpr int half = 32;
  auto* self = reinterpret_cast<SideStack*>((static_cast<std::uintptr_t>(high) << half) | low);
  self->call_();
}

} // namespace backstop
