#pragma once
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <sys/mman.h>

namespace backstop {

/// A copy of a text behind which nothing may be read: the next byte is on a page that has no access.
class EndOfPage {
public:
  explicit EndOfPage(std::string_view text) : size_(text.size()), pages_((size_ + kPage - 1) / kPage + 1) {
    void* memory = ::mmap(nullptr, pages_ * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("mmap");
    memory_ = static_cast<char*>(memory);
    if (::mprotect(memory_ + (pages_ - 1) * kPage, kPage, PROT_NONE) != 0) throw std::runtime_error("mprotect");
    if (size_ > 0) std::memcpy(end() - size_, text.data(), size_);
  }
  ~EndOfPage() { ::munmap(memory_, pages_ * kPage); }
  EndOfPage(const EndOfPage&) = delete;
  EndOfPage& operator=(const EndOfPage&) = delete;

  [[nodiscard]] std::string_view text() const { return {end() - size_, size_}; }

private:
  static constexpr std::size_t kPage = 4096;
  [[nodiscard]] char* end() const { return memory_ + (pages_ - 1) * kPage; }
  std::size_t size_, pages_;
  char* memory_ = nullptr;
};

} // namespace backstop
