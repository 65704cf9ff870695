// Counts of durations in log-linear buckets. They are those of an HdrHistogram with three
// significant digits: values below 2048 have a bucket each, and every power of two above is cut
// into 1024 equal parts, so a value is kept to within 0.1 % over the whole range of 64 bits, and
// such a histogram can be filled from ForEach without a further loss.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace edgewise::load {

class Histogram {
 public:
  Histogram() : counts_(kBucketCount, 0) {}

  void Record(uint64_t value) {
    ++counts_[IndexOf(value)];
    ++total_;
    if (value > max_) max_ = value;
  }

  uint64_t total() const { return total_; }
  uint64_t max() const { return max_; }

  // Calls `take(value, count)` for every bucket that has something, with the bucket's lowest value,
  // in ascending order.
  template <typename Take>
  void ForEach(Take take) const {
    for (size_t i = 0; i < kBucketCount; ++i) {
      if (counts_[i] > 0) take(i == 0 ? 0 : UpperEnd(i - 1) + 1, counts_[i]);
    }
  }

  // The smallest recorded value that at least `fraction` (0 to 1) of all values do not exceed, to
  // the upper end of its bucket; 0 when nothing was recorded.
  uint64_t Quantile(double fraction) const {
    uint64_t wanted = static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(total_)));
    uint64_t seen = 0;
    for (size_t i = 0; i < kBucketCount; ++i) {
      seen += counts_[i];
      if (seen > 0 && seen >= wanted) return std::min(UpperEnd(i), max_);
    }
    return max_;
  }

 private:
  static constexpr int kPartBits = 10;
  static constexpr uint64_t kParts = 1u << kPartBits;
  static constexpr size_t kBucketCount = (64 - kPartBits + 1) * kParts;

  // Values below kParts have a bucket each; above, the top kPartBits + 1 bits choose it.
  static size_t IndexOf(uint64_t value) {
    if (value < kParts) return value;
    int shift = 63 - __builtin_clzll(value) - kPartBits;
    return static_cast<size_t>(shift) * kParts + (value >> shift);
  }

  static uint64_t UpperEnd(size_t index) {
    if (index < 2 * kParts) return index;
    size_t shift = index / kParts - 1;
    uint64_t top = index - shift * kParts;
    return ((top + 1) << shift) - 1;
  }

  std::vector<uint64_t> counts_;
  uint64_t total_ = 0;
  uint64_t max_ = 0;
};

}  // namespace edgewise::load
