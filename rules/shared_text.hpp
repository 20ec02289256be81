#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <new>
#include <string_view>
#include <utility>

namespace backstop {

/// A text that never changes, held by several at once: bytes, their number and how many hold it are one allocation, a holder
/// is one pointer. Thousands of names of series are kept this way. Holders of one text are all in one thread.
class SharedText {
public:
  SharedText() = default; ///< holds nothing: the empty text
  explicit SharedText(std::string_view text) {
    if (text.empty()) return;
    head_ = new (::operator new(sizeof(Head) + text.size())) Head{1, text.size()};
    std::memcpy(head_ + 1, text.data(), text.size());
  }
  SharedText(const SharedText& other) : head_(other.head_) {
    if (head_ != nullptr) ++head_->holders;
  }
  SharedText(SharedText&& other) noexcept : head_(std::exchange(other.head_, nullptr)) {}
  SharedText& operator=(SharedText other) noexcept {
    std::swap(head_, other.head_);
    return *this;
  }
  ~SharedText() {
    if (head_ != nullptr && --head_->holders == 0) ::operator delete(head_);
  }

  /// Valid while somebody holds the text.
  [[nodiscard]] std::string_view view() const {
    return head_ == nullptr ? std::string_view{}
                            : std::string_view(reinterpret_cast<const char*>(head_ + 1), head_->size);
  }
  [[nodiscard]] bool empty() const { return head_ == nullptr; }
  /// Whether it is the same object, not only the same text.
  [[nodiscard]] bool is(const SharedText& other) const { return head_ == other.head_; }
  /// By which object it is.
  [[nodiscard]] std::size_t identity_hash() const { return std::hash<const void*>{}(head_); }

private:
  struct Head {
    std::uint32_t holders = 0;
    std::uint32_t size = 0;
    Head(std::uint32_t n, std::size_t bytes) : holders(n), size(static_cast<std::uint32_t>(bytes)) {}
  };
  Head* head_ = nullptr;
};

} // namespace backstop
