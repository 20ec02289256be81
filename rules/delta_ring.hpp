#pragma once
#include "rules/time.hpp"
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace backstop {

/// What the counters of one indicator did between two scrapes of one target.
struct Delta {
  enum class Kind : std::uint8_t {
    counted,
    first,        ///< first sight: there is data, but no increase can be known
    torn,         ///< errors grew more than total
    mixed_bounds, ///< the histograms of one answer have differing bucket bounds
    no_inf,       ///< an answer with buckets but without le="+Inf"
  };
  Time t{};             ///< of the scrape
  Time from{};          ///< the earliest moment any of its increases counts from
  double numerator = 0; ///< errors (ratio)
  double total = 0;     ///< requests (ratio, quantile), increase (rate)
  std::uint32_t target = 0;
  std::uint32_t layout = 0; ///< of its row (quantile)
  Kind kind = Kind::counted;
  bool restarted = false; ///< a counter restarted
};

/// The deltas of the window, oldest first, each with a row of bucket increases (quantile only). A ring: once it has
/// reached the size of the window, it allocates no more.
class DeltaRing {
public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const Delta& operator[](std::size_t i) const { return deltas_[at(i)]; }
  [[nodiscard]] const double* row(std::size_t i) const { return rows_.data() + at(i) * width_; }

  void push(const Delta& delta, const double* row = nullptr, std::size_t width = 0) {
    if (size_ == deltas_.size() || width > width_) grow(width);
    const std::size_t slot = at(size_++);
    deltas_[slot] = delta;
    std::copy_n(row, width, rows_.data() + slot * width_);
  }

  void pop_front() {
    head_ = at(1);
    --size_;
  }

private:
  [[nodiscard]] std::size_t at(std::size_t i) const { return (head_ + i) & (deltas_.size() - 1); }

  void grow(std::size_t width) {
    std::size_t capacity = std::max<std::size_t>(deltas_.size(), 16); // a power of two: at() masks
    if (size_ == capacity) capacity *= 2;
    const std::size_t new_width = std::max(width, width_);
    std::vector<Delta> deltas(capacity);
    std::vector<double> rows(capacity * new_width);
    for (std::size_t i = 0; i < size_; ++i) {
      deltas[i] = (*this)[i];
      std::copy_n(row(i), width_, rows.data() + i * new_width);
    }
    deltas_ = std::move(deltas);
    rows_ = std::move(rows);
    width_ = new_width;
    head_ = 0;
  }

  std::vector<Delta> deltas_;
  std::vector<double> rows_;
  std::size_t width_ = 0;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

} // namespace backstop
